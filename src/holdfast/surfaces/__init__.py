"""One trade's API each: parse, one call, present. Independent of one another."""
