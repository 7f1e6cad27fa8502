"""Lessons and classes: hold, then pay, then the coach accepts."""
