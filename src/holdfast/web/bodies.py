"""How long a body may be, and what is in it: known before it is read, and the same for every server.

Django's own limit does not count files, nor what comes in chunks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from holdfast.platform.purposes import MOST_BYTES

from .surface import is_api

TOO_LARGE = "The request is too large."
FORM = 64 * 1024  # what a form around a file takes
# Where more is taken than DATA_UPLOAD_MAX_MEMORY_SIZE. The settings must let a body so long be parsed in
# memory: FILE_UPLOAD_MAX_MEMORY_SIZE.
LONGER = {"/api/files/": MOST_BYTES + FORM}

View = Callable[[HttpRequest], HttpResponse]


def longest_body(path: str) -> int:
    """How many bytes may be sent to this address, which may come without its last slash."""
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return LONGER.get(f"{path.rstrip('/')}/", limit)


def limited_bodies(get_response: View) -> View:
    """Refuse a body that is too long for its address, whatever is in it, before any of it is read."""

    def answer(request: HttpRequest) -> HttpResponse:
        if _length(request.META) <= longest_body(request.path_info):
            return get_response(request)
        if is_api(request.path_info):
            return JsonResponse({"error": TOO_LARGE}, status=400)
        raise RequestDataTooBig(TOO_LARGE)

    return answer


def content_of(request: HttpRequest) -> bytes:
    """What a request says: its body or, of a form with files, each part. Forms are told apart by a line
    that a sender makes up anew each time.
    """
    if not (request.content_type or "").startswith("multipart/"):
        return request.body
    fields = sorted(request.POST.lists())
    files = sorted((name, [_digest(file) for file in sent]) for name, sent in request.FILES.lists())
    return json.dumps([fields, files]).encode()


def _length(environ: Mapping[str, Any]) -> int:
    """As Django reads it."""
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _digest(file: Any) -> str:
    content = file.read()
    file.seek(0)
    return sha256(content).hexdigest()
