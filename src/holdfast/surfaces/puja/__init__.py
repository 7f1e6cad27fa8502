"""Pujas and consultations from a cart, payment first."""
