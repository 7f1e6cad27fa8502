"""Wiring only: settings, URLs, the server, the worker, the command line and the embedded database."""
