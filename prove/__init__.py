"""Breaks Holdfast on purpose, with real processes and real clients, and asks the books afterwards.

``python -m prove``; docs/prove.md says what it does and how to run a failure again.
"""
