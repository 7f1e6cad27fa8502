"""Which misbehaviours are armed, and how often they will still happen.

Every gateway brings a table of names, each with a sentence; nothing outside a table can be armed or taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import UnknownFault


@dataclass
class Armed:
    """A misbehaviour that waits for its occasions.

    ``only`` limits it to one reference; ``extra`` holds what else was said: ``seconds``, ``amount``.
    """

    gateway: str
    fault: str
    times: int = 1
    only: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    happened: int = 0

    def number(self, name: str, default: float) -> float:
        """The extra ``name``, or its default. Control has made sure that extras are numbers or text."""
        value = self.extra.get(name, default)
        return value if isinstance(value, int | float) else default

    def whole(self, name: str, default: int) -> int:
        return round(self.number(name, default))

    def text(self, name: str, default: str) -> str:
        return str(self.extra.get(name, default))


class Board:
    """All that is armed, in the order in which it was armed."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self.known = known
        self.armed: list[Armed] = []

    def arm(self, fault: Armed) -> None:
        self._check(fault.gateway, fault.fault)
        self.armed.append(fault)

    def clear(self) -> None:
        self.armed.clear()

    def take(self, gateway: str, names: str | Iterable[str], *about: str | None) -> Armed | None:
        """The first armed fault of these names, used up by one, if one is armed for what this is about."""
        fault = self.peek(gateway, names, *about)
        if fault is not None:
            fault.times -= 1
            fault.happened += 1
        self.armed = [one for one in self.armed if one.times > 0]
        return fault

    def peek(self, gateway: str, names: str | Iterable[str], *about: str | None) -> Armed | None:
        """As :meth:`take`, but nothing is used up."""
        wanted: Collection[str] = {names} if isinstance(names, str) else set(names)
        for name in wanted:
            self._check(gateway, name)
        for fault in self.armed:
            meant = fault.gateway == gateway and fault.fault in wanted
            if meant and (fault.only is None or fault.only in about):
                return fault
        return None

    def _check(self, gateway: str, name: str) -> None:
        if name not in self.known.get(gateway, {}):
            raise UnknownFault(f"{gateway} has no fault named {name!r}.")
