"""Fields that every trade asks for: days, times on the clock, addresses to write to.

Pydantic alone is generous: to it 86400 is a day, ``true`` a number and "Me <me@example.com>" an address.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import email_validator
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
YYYY_MM_DD = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
HH_MM = r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$"
H_MM_AM = r"^(0?[1-9]|1[0-2]):[0-5][0-9] ?[AaPp][Mm]$"
TABS_AND_LINES = "\n\r\t"
MOST = Decimal(10) ** 15  # of any currency


def _written_day(said: Any) -> Any:
    if isinstance(said, date):
        return said
    if not isinstance(said, str) or not YYYY_MM_DD.fullmatch(said):
        raise ValueError("Write the date as YYYY-MM-DD.")
    return said


def _within_reach(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError("This date is out of reach.")
    return day


def _written_time(said: str) -> str:
    if not re.fullmatch(HH_MM, said):
        raise ValueError("Write the time as HH:MM, from 00:00 to 23:59.")
    return said


def _either_clock(said: Any) -> Any:
    """``2:30 PM`` as ``14:30``. Browsers write that with a space of their own, which does not break."""
    if not isinstance(said, str):
        return said
    plain = " ".join(said.split())
    if not re.fullmatch(H_MM_AM, plain):
        return said
    hour, minute = plain[:-2].strip().split(":")
    after_noon = plain[-2:].upper() == "PM"
    return f"{int(hour) % 12 + 12 * after_noon:02}:{minute}"


def _in_the_past(day: date) -> date:
    if day > date.today():  # noqa: DTZ011 - a birthday has no zone
        raise ValueError("A birth date lies in the past.")
    return day


def _written_number(said: Any) -> Any:
    if isinstance(said, bool | float):
        raise ValueError("This is not a whole number.")  # noqa: TRY004 - pydantic reports ValueErrors only
    return said


def _written_amount(said: Any) -> Any:
    """JSON's ``999.00`` or ``"999.00"``, to the digit."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise ValueError("Write the amount as 999.00.")  # noqa: TRY004 - pydantic reports ValueErrors only
    return str(said)


def _none_is_empty(said: Any) -> Any:
    return "" if said is None else said


def _plain_text(said: str) -> str:
    if any(ord(letter) < 32 and letter not in TABS_AND_LINES for letter in said):
        raise ValueError("Control characters are not text.")
    return said


def _mailbox(said: str) -> str:
    """As email_validator has it; addresses under .test are good, for demos and trials live there."""
    try:
        found = email_validator.validate_email(said, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError as why:
        raise ValueError(f"This is not an email address: {why}") from None
    return found.normalized


Day = Annotated[
    date,
    BeforeValidator(_written_day),
    AfterValidator(_within_reach),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-08-10"]}),
]
Clock = Annotated[
    str,
    AfterValidator(_written_time),
    WithJsonSchema({"type": "string", "pattern": HH_MM, "examples": ["10:00"]}),
]
EitherClock = Annotated[
    Clock,
    BeforeValidator(_either_clock),
    WithJsonSchema({"type": "string", "pattern": f"{HH_MM}|{H_MM_AM}", "examples": ["10:30", "10:00 AM"]}),
]
Birthday = Annotated[Day, AfterValidator(_in_the_past)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_mailbox),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
Password = Annotated[str, StringConstraints(max_length=256)]
Id = Annotated[int, BeforeValidator(_written_number), Field(ge=1, le=2**63 - 1)]
Count = Annotated[int, BeforeValidator(_written_number), Field(ge=1, le=1000)]
PlainText = AfterValidator(_plain_text)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), PlainText]
MayBeNull = BeforeValidator(_none_is_empty)  # of an optional text: null says as little as ""
Amount = Annotated[
    Decimal,
    BeforeValidator(_written_amount),
    Field(ge=0, le=MOST),
    WithJsonSchema({"type": ["number", "string"], "examples": ["999.00"]}),
]
