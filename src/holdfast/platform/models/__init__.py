from .account import Customer, RefreshToken, User
from .inbox import GatewayEvent
from .throttle import Throttle
from .transition import Transition

__all__ = ["Customer", "GatewayEvent", "RefreshToken", "Throttle", "Transition", "User"]
