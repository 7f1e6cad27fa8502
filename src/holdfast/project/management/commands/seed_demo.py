"""``manage seed_demo``: the demo's businesses and accounts. Running it again changes nothing.

With ``--migrate`` it applies migrations first, as ``manage migrate`` does: Django is loaded once for both.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from holdfast.project.demo_data import seed_demo


class Command(BaseCommand):
    help = "Create the demo's businesses, offerings and accounts, where they do not exist yet."
    requires_system_checks = ()  # they would load every address, for as long as all of the rest takes

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--migrate", action="store_true", help="apply migrations first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", interactive=False, skip_checks=True)
        seed_demo()
