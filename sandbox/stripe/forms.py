"""Stripe's way to write nested parameters as a form: ``line_items[0][price_data][currency]=usd``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import StripeError, bad_parameter

Json = dict[str, Any]

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
STEP = re.compile(r"\[([^\[\]]*)\]")


def parse(form: str) -> Json:
    """The parameters as dicts in dicts; lists are dicts by index, see :func:`listed`. Raises StripeError.

    >>> parse("expand%5B0%5D=payment_intent&metadata[a]=1&expand[]=line_items")
    {'expand': {'0': 'payment_intent', '1': 'line_items'}, 'metadata': {'a': '1'}}
    """
    whole: Json = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        match = NAME.fullmatch(name)
        if match is None:
            raise bad_parameter(name, f"Invalid parameter name: {name}")
        node, steps = whole, [match[1], *STEP.findall(match[2])]
        for step in steps[:-1]:
            node = node.setdefault(_key(node, step), {})
            if not isinstance(node, dict):
                raise _twice(name)
        last = _key(node, steps[-1])
        if isinstance(node.get(last), dict):
            raise _twice(name)
        node[last] = value
    return whole


def listed(params: Json, name: str) -> list[Any]:
    """The list of that name, in order; empty if there is none. Raises StripeError for anything else."""
    value = params.get(name, {})
    if not isinstance(value, dict) or not all(index.isdecimal() for index in value):
        raise bad_parameter(name, f"Invalid array: {name}", code="parameter_invalid_array")
    return [value[index] for index in sorted(value, key=int)]


def _key(node: Json, step: str) -> str:
    return step or str(len(node))


def _twice(name: str) -> StripeError:
    return bad_parameter(name, f"Invalid parameter: {name} is both a value and a hash")
