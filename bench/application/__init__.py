"""The application itself, measured in-process. Importing this sets Django up, by the environment."""

from __future__ import annotations

import django

django.setup()
