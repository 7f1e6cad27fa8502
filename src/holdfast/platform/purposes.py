"""What files are for, and so what they may be, how large, and who may see them: a table."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

MIB = 1024 * 1024


class Kind(TextChoices):
    """As what a file is kept."""

    JPEG = "jpeg", "JPEG picture"
    PNG = "png", "PNG picture"
    WEBP = "webp", "WebP picture"
    PDF = "pdf", "PDF document"


PICTURES = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP})
# What each kind is served as, and how its name ends.
SERVED_AS: dict[str, tuple[str, str]] = {
    Kind.JPEG: ("image/jpeg", "jpg"),
    Kind.PNG: ("image/png", "png"),
    Kind.WEBP: ("image/webp", "webp"),
    Kind.PDF: ("application/pdf", "pdf"),
}


@dataclass(frozen=True)
class Purpose:
    """A public file is anybody's to see who has its address. Every other one is its owner's and its
    business's. ``from_members``: only somebody who runs the business may send it.
    """

    kinds: frozenset[Kind]
    most_bytes: int
    longest_side: int = 2048
    is_public: bool = False
    from_members: bool = False


PURPOSES = {
    "profile_picture": Purpose(PICTURES, 5 * MIB, longest_side=1024, is_public=True),
    "service_picture": Purpose(PICTURES, 10 * MIB, is_public=True, from_members=True),
    "booking_picture": Purpose(PICTURES, 10 * MIB),
    "transfer_slip": Purpose(PICTURES | {Kind.PDF}, 10 * MIB),
    "document": Purpose(PICTURES | {Kind.PDF}, 10 * MIB),
}
MOST_BYTES = max(purpose.most_bytes for purpose in PURPOSES.values())
