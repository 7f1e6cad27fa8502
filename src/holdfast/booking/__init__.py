"""Appointments: what a service line became once its terms were met."""
