"""Pictures that people send, drawn anew: of what was sent only the pixels are kept.

So where and when a photograph was taken is not told on, and whatever else a file may hide is gone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

from PIL import Image, ImageOps

from holdfast.kernel.errors import Invalid, StorageFailed

MOST_PIXELS = 40_000_000  # a good camera's; drawing takes up to four bytes for each
UNREADABLE = "This picture is damaged and cannot be read."
TOO_LARGE = f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels."
# What Pillow's readers raise over content that somebody made up. None of it is about our own disk: they
# read from memory.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
)
HOW: dict[str, dict[str, Any]] = {
    "jpeg": {"format": "JPEG", "quality": 85, "optimize": True},
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP", "quality": 85},
}

# So many at a time in one process: each may take MOST_PIXELS of memory, and all of a processor.
_turns = BoundedSemaphore(2)
WAITS = 10  # seconds


def drawn_anew(content: bytes, *, sent_as: str, kept_as: str, longest_side: int) -> bytes:
    """The picture upright, no larger than ``longest_side`` either way; of an animation the first frame.

    Raises Invalid, field ``file``; and StorageFailed when too many others wait for theirs.
    """
    with _turn():
        try:
            with Image.open(BytesIO(content), formats=(sent_as,)) as sent:
                return _encoded(_upright(sent, longest_side), kept_as)
        except Image.DecompressionBombError as bomb:
            raise Invalid({"file": [TOO_LARGE]}) from bomb
        except DAMAGED as damaged:
            raise Invalid({"file": [UNREADABLE]}) from damaged


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAITS):
        raise StorageFailed
    try:
        yield
    finally:
        _turns.release()


def _upright(sent: Image.Image, longest_side: int) -> Image.Image:
    """Its pixels as a person sees them. Only the header has been read so far, so a bomb does not go off."""
    if sent.width * sent.height > MOST_PIXELS:
        raise Invalid({"file": [TOO_LARGE]})
    colored = sent if sent.mode in ("L", "RGB") and not sent.has_transparency_data else _in_color(sent)
    colored.thumbnail((longest_side, longest_side))  # a JPEG is read no larger than this needs
    upright = ImageOps.exif_transpose(colored)
    pixels = Image.new(upright.mode, upright.size)
    pixels.paste(upright)
    return pixels


def _in_color(sent: Image.Image) -> Image.Image:
    return sent.convert("RGBA" if sent.has_transparency_data else "RGB")


def _encoded(pixels: Image.Image, kept_as: str) -> bytes:
    encoded = BytesIO()
    pixels.save(encoded, **HOW[kept_as])
    return encoded.getvalue()
