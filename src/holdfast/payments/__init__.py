"""Collecting money through gateways: payments, transactions, gateway accounts."""
