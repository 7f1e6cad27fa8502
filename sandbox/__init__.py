"""A stand-in for the gateways' servers: their protocols, their hosted pages, their webhooks, their faults.

It imports nothing of Holdfast and shares no code with its adapters, or it would prove nothing about them.
"""
