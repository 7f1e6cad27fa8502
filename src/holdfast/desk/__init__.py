"""What providers and staff see, the admin included."""
