"""The web process: ``granian --interface wsgi holdfast.project.wsgi:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from holdfast.web.chunked import with_length

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.project.settings")
application = with_length(get_wsgi_application())

from .keys import require_keys  # noqa: E402 - settings must be there first

require_keys()
