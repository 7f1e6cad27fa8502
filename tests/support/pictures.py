"""Files to send: pictures with and without secrets, and what is none."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

RED, BLUE = (220, 30, 30), (30, 30, 220)
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(
    form: str = "JPEG", *, size: tuple[int, int] = (40, 20), color: Any = RED, mode: str = "RGB", **saved: Any
) -> bytes:
    """One color all over, as a file of this form."""
    encoded = BytesIO()
    Image.new(mode, size, color).save(encoded, form, **saved)
    return encoded.getvalue()


def upload(content: bytes, *, name: str = "picture.jpg", called: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=called)


def opened(content: bytes) -> Image.Image:
    found = Image.open(BytesIO(content))
    found.load()
    return found
