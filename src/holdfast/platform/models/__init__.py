from .account import Customer, RefreshToken, User
from .finding import Finding
from .inbox import GatewayEvent
from .throttle import Throttle
from .transition import Transition

__all__ = ["Customer", "Finding", "GatewayEvent", "RefreshToken", "Throttle", "Transition", "User"]
