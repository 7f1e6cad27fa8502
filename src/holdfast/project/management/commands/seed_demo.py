"""``manage seed_demo``: the demo's businesses and accounts. Running it again changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from holdfast.project.demo_data import seed_demo


class Command(BaseCommand):
    help = "Create the demo's businesses, offerings and accounts, where they do not exist yet."

    def handle(self, *args: Any, **options: Any) -> None:
        seed_demo()
