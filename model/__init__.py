"""The model checker: every interleaving of customers, gateway, delivery, worker, clock and crash.

``python -m model`` explores small bounds whole. docs/model.md says what is modelled and how to read it.
"""
