from .account import Customer, RefreshToken, User
from .file import StoredFile
from .finding import Finding
from .idempotency import IdempotencyKey
from .inbox import GatewayEvent
from .second_factor import SecondFactor, Spent
from .throttle import Throttle
from .transition import Transition

__all__ = [
    "Customer",
    "Finding",
    "GatewayEvent",
    "IdempotencyKey",
    "RefreshToken",
    "SecondFactor",
    "Spent",
    "StoredFile",
    "Throttle",
    "Transition",
    "User",
]
