"""Stripe's lists: newest first, a page at a time, by what they are filtered by."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.bodies import Bodies
from sandbox.stripe.books import R, Table
from sandbox.stripe.checks import allow, one_of, text, whole
from sandbox.stripe.errors import bad_parameter, no_such

Json = dict[str, Any]

COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
OF_EVERY_LIST = frozenset(("limit", "starting_after", "ending_before", "created", "expand"))
MOST = 100
USUAL = 10


class Filters:
    """What the records of a list must be like, as SQL."""

    def __init__(self, client_id: str) -> None:
        self._conditions = ["client_id = ?"]
        self._values: list[Any] = [client_id]

    def add(self, condition: str, *values: Any) -> None:
        self._conditions.append(condition)
        self._values += values

    def equal(self, params: Json, names: dict[str, str]) -> None:
        """Take over parameters that a field must equal."""
        for name, column in names.items():
            if name in params:
                self.add(f"{column} = ?", text(params, name))

    def find(self, table: Table[R], *, order: str, limit: int) -> list[R]:
        where = " AND ".join(self._conditions)
        return table.all(where, *self._values, order=f"{order} LIMIT {limit}")


def page_of(table: Table[R], bodies: Bodies, params: Json, filters: Filters, *, url: str, kind: str) -> Json:
    """One page of a list, as the parameters say. Raises StripeError."""
    limit = whole(params, "limit", USUAL)
    if not 1 <= limit <= MOST:
        raise bad_parameter("limit", f"Invalid limit: must be from 1 to {MOST}")
    _created(filters, params)
    backwards = "ending_before" in params
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            filters.add(f"rowid {sign} ?", _place(table, text(params, name), kind=kind, param=name))
    order = "rowid" if backwards else "rowid DESC"
    found = filters.find(table, order=order, limit=limit + 1)
    shown = found[:limit]
    data = [bodies.of(one) for one in (shown[::-1] if backwards else shown)]
    return {"object": "list", "data": data, "has_more": len(found) > limit, "url": url}


def check_list(params: Json, *filters: str) -> None:
    """Raises StripeError for a parameter that this list does not have."""
    allow(params, OF_EVERY_LIST | set(filters))


def status_filter(params: Json, filters: Filters, *known: str) -> None:
    if "status" in params:
        filters.add("status = ?", one_of(params, "status", known))


def _created(filters: Filters, params: Json) -> None:
    created = params.get("created", {})
    if isinstance(created, str):
        filters.add("created / 1000 = ?", whole(params, "created"))
        return
    allow(created, COMPARED, within="created")
    for name, sign in COMPARED.items():
        if name in created:
            filters.add(f"created / 1000 {sign} ?", whole(created, name, within="created"))


def _place(table: Table[R], id: str, *, kind: str, param: str) -> int:
    place = table.place(id)
    if not place:
        raise no_such(kind, id, param=param, status=400)
    return place
