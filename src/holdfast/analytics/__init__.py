"""Questions over everything, read-only."""
