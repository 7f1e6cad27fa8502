"""What a client does with a running demo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from holdfast.project.embedded import EmbeddedPostgres
from tests.support.demo import RunningDemo

PASSWORD = "holdfast-demo"


class Demo:
    """A running demo, and what a client does with it."""

    def __init__(self, running: RunningDemo) -> None:
        self.home = running.home
        self.url = f"http://127.0.0.1:{running.ports[0]}"
        self.sandbox = f"http://127.0.0.1:{running.ports[1]}"
        self.live = f"http://127.0.0.1:{running.ports[2]}"
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def newcomer(self, number: int) -> str:
        """A bearer token of somebody who has just registered."""
        body = {"email": f"rival{number}@example.com", "password": "correct horse battery staple"}
        answer = self.http.post("/api/auth/register/", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["access"])

    def token_of(self, email: str) -> str:
        """A bearer token of one of the demo's people."""
        answer = self.http.post("/api/auth/token/", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access"])

    def book(self, token: str, *, at: str, days_ahead: int = 9) -> httpx.Response:
        body = {
            "service": 5,
            "language": "Hindi",
            "preferred_date": str(datetime.now(UTC).date() + timedelta(days_ahead)),
            "preferred_time": at,
            "birth_place": "Delhi, India",
            "birth_date": "1995-05-15",
            "birth_time": "08:30",
            "gender": "MALE",
            "questions": "Career guidance needed",
            "contact_email": "user@example.com",
            "contact_phone": "9876543210",
            "redirect_url": "https://yourapp.com",
        }
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.post("/api/astrology/bookings/book-with-payment/", json=body, headers=headers)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(EmbeddedPostgres(self.home).url) as connection:
            return connection.execute(sql).fetchall()
