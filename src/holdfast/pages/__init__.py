"""What customers see: the pages around a payment."""
