"""Hotels: stays by the night, whose money is reserved until the hotel says yes."""
