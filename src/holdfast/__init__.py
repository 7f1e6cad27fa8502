"""Holdfast takes bookings and the money for them, and never lets the two disagree."""
