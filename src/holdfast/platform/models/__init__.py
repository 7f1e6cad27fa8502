from .account import Customer, RefreshToken, User
from .finding import Finding
from .idempotency import IdempotencyKey
from .inbox import GatewayEvent
from .throttle import Throttle
from .transition import Transition

__all__ = [
    "Customer",
    "Finding",
    "GatewayEvent",
    "IdempotencyKey",
    "RefreshToken",
    "Throttle",
    "Transition",
    "User",
]
