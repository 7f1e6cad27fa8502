"""``python -m holdfast.project.manage``: Django's own command line."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.project.settings")
    os.environ.setdefault("HOLDFAST_POOL", "0")
    execute_from_command_line(["manage", *sys.argv[1:]])


if __name__ == "__main__":
    main()
