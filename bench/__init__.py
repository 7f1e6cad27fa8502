"""How fast Holdfast is, beside what PostgreSQL alone does with the same bookings: ``python -m bench``."""
