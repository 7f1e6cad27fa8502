"""The gateways that the sandbox speaks for. Another one is a folder beside this file and a line in it."""

from __future__ import annotations

from sandbox.gateway import Gateway
from sandbox.phonepe import PhonePe
from sandbox.stripe import Stripe
from sandbox.toy import Toy

GATEWAYS: tuple[type[Gateway], ...] = (PhonePe, Stripe, Toy)
