"""Consultations, payment first."""
