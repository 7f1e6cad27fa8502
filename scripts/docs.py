"""``make docs``: the pages that are written from tables of the code, so that they cannot differ from it.

``docs/lifecycles.md`` comes from every ``lifecycle.py``, ``docs/gateways.md`` from the gateways' classes.
``tests/docs`` fails while a page is not what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import holdfast
from holdfast.kernel.lifecycle import Lifecycle
from holdfast.kernel.money import Money
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import Gateway

ROOT = Path(__file__).resolve().parent.parent
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def main() -> int:
    for name, write in PAGES.items():
        path = ROOT / name
        path.write_text(write(), encoding="utf-8")
        sys.stdout.write(f"{name}\n")
    return 0


LIFECYCLES = """\
# Lifecycles

<!-- Written by scripts/docs.py (make docs) from the code. Change that, and not this. -->

A row with a state lives along one of these tables. `move()` finds the event in the table, compares and sets,
and writes a transition row, all in one statement
([decision 2](decisions/0002-move-writes-its-transition.md)). Allocations alone are changed in bulk and have
no transition rows ([decision 8](decisions/0008-allocations-have-no-transitions.md)). A trigger in the
database, made from the same table, refuses every other insert and update, whoever asks. What a trade calls
these states is in [spec.md](spec.md).
"""
GATEWAYS_INTRO = """\
# Gateways

<!-- Written by scripts/docs.py (make docs) from the code. Change that, and not this. -->

What the classes in `payments/gateways` say of themselves. Every gateway starts payments and looks them up;
*can* is what it does besides. *Credentials* are the fields that a gateway account must fill; *references* is
what our references to payments and refunds must match. Another gateway:
[how-to/add-a-gateway.md](how-to/add-a-gateway.md).
"""
LADDERS = """\
## How often a payment is asked about

Until its gateway has decided, and more slowly for two days after a "no", because money may yet come.
"""


def lifecycles_page() -> str:
    """Every lifecycle as a table and as a diagram."""
    return _page([LIFECYCLES, *(part for lived in lifecycles() for part in _lifecycle(lived))])


def gateways_page() -> str:
    """Every gateway: what it can do, in one table, and how often it is asked."""
    columns = ("gateway", "name", "can", "currencies", "takes at least", "credentials", "references")
    facts = _table(columns, [_gateway(gateway) for gateway in GATEWAYS.values()])
    ladders = (part for gateway in GATEWAYS.values() for part in _ladder(gateway))
    return _page([GATEWAYS_INTRO, facts, LADDERS, *ladders])


PAGES: dict[str, Callable[[], str]] = {
    "docs/lifecycles.md": lifecycles_page,
    "docs/gateways.md": gateways_page,
}


def lifecycles() -> list[Lifecycle]:
    """Every table of every app's ``lifecycle.py``, by app."""
    return list(_found())


def _found() -> Iterator[Lifecycle]:
    for package in sorted(module.name for module in iter_modules(holdfast.__path__, "holdfast.")):
        if find_spec(f"{package}.lifecycle"):
            tables = vars(import_module(f"{package}.lifecycle")).values()
            yield from (table for table in tables if isinstance(table, Lifecycle))


def _lifecycle(lived: Lifecycle) -> Iterator[str]:
    born = ", ".join(f"`{state}`" for state in lived.initial)
    ends = [state for state in lived.states if not any(row[0] == state for row in lived.rows)]
    yield f"## {lived.subject.capitalize()}"
    yield f"Born {born}. Ends: {', '.join(f'`{state}`' for state in ends)}."
    yield _table(("from", "event", "to"), [tuple(f"`{word}`" for word in row) for row in lived.rows])
    lines = [
        *(f"[*] --> {state}" for state in lived.initial),
        *(f"{before} --> {after}: {event}" for before, event, after in lived.rows),
        *(f"{state} --> [*]" for state in ends),
    ]
    yield "\n".join(("```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"))


def _gateway(gateway: type[Gateway]) -> tuple[str, ...]:
    currencies = sorted(gateway.currencies)
    return (
        f"[{gateway.label}](gateways/{gateway.name}.md)",
        f"`{gateway.name}`",
        ", ".join(sorted(ability.value.replace("_", " ") for ability in gateway.can)) or "–",
        ", ".join(currencies),
        ", ".join(str(Money(gateway.minimum, currency)) for currency in currencies),
        ", ".join(f"`{field}`" for field in gateway.credentials) or "–",
        f"`{gateway.reference_format.pattern}`",
    )


def _ladder(gateway: type[Gateway]) -> Iterator[str]:
    oldest = gateway.ladder[-1][0]
    rows = [(f"up to {_words(until)}", f"every {_words(every)}") for until, every in gateway.ladder]
    rows.append(("older", f"every {_words(gateway.next_look(age=oldest))}"))
    yield f"### {gateway.label}"
    yield _table(("age of the payment", "asked"), rows)


def _words(length: timedelta) -> str:
    """A length of time as people say it: "1 minute 52 seconds"."""
    left, said = int(length.total_seconds()), []
    for size, unit in UNITS:
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(said)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _page(parts: list[str]) -> str:
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
