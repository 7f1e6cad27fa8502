"""Files over HTTP: send one, and get it back. Described in docs/api/files.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import StringConstraints

from holdfast.catalog.models import Business, Member
from holdfast.catalog.queries import businesses_run_by
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.platform import files
from holdfast.platform.models import StoredFile, User
from holdfast.platform.purposes import PICTURES, PURPOSES, SERVED_AS

from .answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, documented
from .auth import signed_in, who
from .throttles import limit

router = Router(tags=["files"])

PurposeName = StrEnum("PurposeName", {name: name for name in PURPOSES})  # type: ignore[misc]  # from the table
Slug = Annotated[str, StringConstraints(max_length=50)]
ONE_DAY = 24 * 3600


class Sending(Schema):
    purpose: PurposeName
    business: Slug = ""


class Kept(Schema):
    """Where the file is found from now on, and as what it is kept."""

    key: str
    url: str
    purpose: str
    content_type: str
    size: int


@router.post("/", response=documented({201: Kept, 503: Problem}, BAD, SIGNED_IN, THROTTLED), auth=signed_in)
def send(request: HttpRequest, form: Form[Sending], file: File[UploadedFile]) -> Status[Kept]:
    """Keep a file; of a picture, what it shows. ``business`` is a slug: its members may see the file too."""
    user = who(request)
    limit(request, "upload_by_user", user=user.pk)
    stored = files.store(
        file,
        owner=user,
        purpose=form.purpose,
        now=utc_now(),
        business_id=_business_id(form.business, purpose=form.purpose, sent_by=user),
    )
    return Status(201, _kept(stored))


BINARY = {"schema": {"type": "string", "format": "binary"}}
CONTENT = {content_type: BINARY for content_type, _ in SERVED_AS.values()}


@router.get(
    "/{key}/",
    response=documented({200: None, 401: Problem, 503: Problem}, BAD, MISSING, THROTTLED),
    auth=None,
    url_name="file",
    openapi_extra={"responses": {200: {"content": CONTENT}}},
)
def get(request: HttpRequest, key: str) -> HttpResponse:
    """A file. Unless it is public, it exists only for its owner and the people of its business."""
    limit(request, "look_up")
    stored = files.file_by_key(key)
    if not PURPOSES[stored.purpose].is_public and not _may_see(signed_in(request), stored):
        raise NotFound
    return _served(stored)


def _business_id(slug: str, *, purpose: str, sent_by: User) -> int | None:
    """The business that a file is for. Raises Invalid if there is none, or not the sender's to speak for."""
    from_members = PURPOSES[purpose].from_members
    if not slug and not from_members:
        return None
    allowed = businesses_run_by(sent_by) if from_members else Business.objects.all()
    found = allowed.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid({"business": [NOT_YOURS if from_members else "There is no such business."]})
    return found


NOT_YOURS = "This is for those who run a business: say which of yours it is for."


def _may_see(user: User, stored: StoredFile) -> bool:
    if user.is_superuser or user.pk == stored.owner_id:
        return True
    # None is nobody's business: SQL does not find it.
    return Member.objects.filter(user=user, business=stored.business_id).exists()


def _kept(stored: StoredFile) -> Kept:
    return Kept(
        key=stored.key,
        url=f"/api/files/{stored.key}/",
        purpose=stored.purpose,
        content_type=SERVED_AS[stored.kind][0],
        size=stored.size,
    )


def _served(stored: StoredFile) -> HttpResponse:
    """Its bytes, so that no browser takes them for anything but what they are, or runs anything in them."""
    content_type, ending = SERVED_AS[stored.kind]
    is_public = PURPOSES[stored.purpose].is_public
    # All that is public is a picture that we have drawn ourselves.
    disposition = "inline" if is_public and stored.kind in PICTURES else "attachment"
    headers = {
        "Content-Disposition": f'{disposition}; filename="{stored.purpose}-{stored.key[:8]}.{ending}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if is_public:
        headers["Cache-Control"] = f"public, max-age={ONE_DAY}"
    return HttpResponse(files.content_of(stored), content_type=content_type, headers=headers)
