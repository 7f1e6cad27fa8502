"""The smallest trade that works: a barber, who is booked at once and paid within the hour, then accepts."""
