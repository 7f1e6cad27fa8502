"""Processes that end in the middle of their work."""

from __future__ import annotations

from typing import Any

from django.db import connection


class Died(Exception):
    """The process ended here."""


def died_after(sql_part: str) -> Any:
    """Break off at the first statement that contains ``sql_part``, when it has been carried out."""

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql_part in str(sql):
            raise Died
        return result

    return connection.execute_wrapper(wrapper)


def died_before(sql_part: str) -> Any:
    """Break off at the first statement that contains ``sql_part``, before anything of it is carried out."""

    def wrapper(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if sql_part in str(sql):
            raise Died
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)
