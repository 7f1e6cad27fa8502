"""What a request says, read strictly: a JSON object in UTF-8, and text that a database can keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from holdfast.kernel.errors import Invalid

NOT_TEXT = "This holds characters that are not text."


class StrictParser(Parser):
    """Reads the body by what is in it, whatever its content type says. Raises Invalid, or ValueError.

    django-ninja answers a ValueError as a body that cannot be parsed; ``web.errors`` unwraps an Invalid.
    """

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = json.loads(request.body.decode(), parse_constant=_no_number)
        if not isinstance(body, dict):
            raise Invalid({"non_field_errors": ["Send a JSON object."]})
        strange = {path: [NOT_TEXT] for path, text in _texts(body) if not is_text(text)}
        if strange:
            raise Invalid(strange)
        return body

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        strange = {key: [NOT_TEXT] for key, values in data.lists() if not all(map(_is_sound, values))}
        if strange:
            raise Invalid(strange)
        return super().parse_querydict(data, list_fields, request)


def is_text(text: str) -> bool:
    """Whether PostgreSQL can keep it: neither NUL nor half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_sound(sent: Any) -> bool:
    """Whether a field of a form can be kept; of a file others judge."""
    return not isinstance(sent, str) or is_text(sent)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _texts(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a body, its keys among them, with the dotted path of the field that it stands in."""
    waiting: list[tuple[str, Any]] = [("", body)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, str):
            yield path or "non_field_errors", found
        elif isinstance(found, dict):
            for key, value in found.items():
                yield path or "non_field_errors", key
                waiting.append((f"{path}.{key}" if path else key, value))
        elif isinstance(found, list):
            waiting.extend((f"{path}.{n}", value) for n, value in enumerate(found))
