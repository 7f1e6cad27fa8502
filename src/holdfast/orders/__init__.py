"""What a customer wants to buy: orders, their lines, and the dues that ask for money."""
