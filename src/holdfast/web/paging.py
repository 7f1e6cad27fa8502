"""Lists without a shape of their own: ``{"count", "next", "previous", "results"}``, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

T = TypeVar("T")


class Paging(Schema):
    """``page`` counts from 1; beyond the last one the results are empty."""

    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(20, ge=1, le=100)


class Page(Schema, Generic[T]):
    count: int
    next: str | None
    previous: str | None
    results: list[T]


def paged(
    request: HttpRequest, rows: QuerySet[Any], paging: Paging, present: Callable[[Sequence[Any]], list[Any]]
) -> dict[str, Any]:
    """One page of ``rows``, presented; two queries whatever the size.

    Of the rows before the page only the keys are read, and not all that belongs to each.
    """
    count = rows.count()
    first = (paging.page - 1) * paging.page_size
    last = first + paging.page_size
    page = rows.filter(pk__in=rows.values("pk")[first:last])
    return {
        "count": count,
        "next": _address(request, paging.page + 1) if last < count else None,
        "previous": _address(request, paging.page - 1) if paging.page > 1 else None,
        "results": present(list(page)),
    }


def _address(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
