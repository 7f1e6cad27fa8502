"""What to say to whom. One interface per channel; email ships."""
