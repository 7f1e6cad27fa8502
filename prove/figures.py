"""Percentiles, and counts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def percentile(took: Sequence[float], percent: int) -> float:
    """The shortest time within which so many percent were done; nothing of nothing."""
    return sorted(took)[max(0, -(-len(took) * percent // 100) - 1)] if took else 0.0


def in_words(counted: Mapping[str, int]) -> str:
    """``3 web, 2 worker``, the most first."""
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {name}" for name, count in ranked) or "none"
