"""Holding time: opening hours, slots and allocations. It knows nothing of money."""
