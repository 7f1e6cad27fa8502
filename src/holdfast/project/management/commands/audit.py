"""``manage audit``: prove the books now. Exits 1 and says what is wrong, if anything is."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from holdfast.flows.audit import audit
from holdfast.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Check that bookings, time and money agree, and keep what does not as findings."

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit(now=utc_now())
        for wrong in found:
            self.stdout.write(f"{wrong.check}: {wrong.subject} {wrong.subject_id}: {wrong.what}")
        if found:
            raise CommandError(f"{len(found)} things do not agree.")
        self.stdout.write("The books agree.")
