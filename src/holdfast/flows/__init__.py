"""The stories that join time and money: the only place that knows both."""
