"""People who only look: they ask for pages and lists all the time, and every answer is timed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import httpx

from .figures import in_words, percentile

PATIENCE = 30.0


@dataclass
class Visit:
    """What the visitors saw in a while: seconds of each answer, and how often there was which."""

    took: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def was_served(self, answers: Collection[str]) -> bool:
        """Whether everybody was answered, and with nothing but these."""
        return bool(self.answers) and set(self.answers) <= set(answers)

    def __str__(self) -> str:
        p50, p99 = (1000 * percentile(self.took, percent) for percent in (50, 99))
        return f"{len(self.took)} answers ({in_words(self.answers)}), p50 {p50:.0f} ms, p99 {p99:.0f} ms"


class Visitors:
    """``with Visitors(…) as seen``: they look around until the block ends."""

    def __init__(self, url: str, pages: Sequence[str], *, people: int = 4) -> None:
        self._url, self._pages = url, pages
        self._visit = Visit()
        self._leave = threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(n,), daemon=True) for n in range(people)]

    def __enter__(self) -> Visit:
        for thread in self._threads:
            thread.start()
        return self._visit

    def __exit__(self, *raised: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def during(self, seconds: float) -> Visit:
        with self as visit:
            time.sleep(seconds)
        return visit

    def _look(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=PATIENCE) as http:
            while not self._leave.is_set():
                page = self._pages[number % len(self._pages)]
                number += 1
                began_at = time.monotonic()
                try:
                    answer = str(http.get(page).status_code)
                except httpx.TransportError as error:
                    answer = type(error).__name__
                self._visit.took.append(time.monotonic() - began_at)
                self._visit.answers[answer] += 1
                time.sleep(0.05)
