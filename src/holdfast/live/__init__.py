"""The process that tells of bookings as they move: server-sent events for whoever may follow."""
