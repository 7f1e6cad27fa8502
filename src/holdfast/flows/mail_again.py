"""Email that a person wants sent once more: it was deleted, or never seen."""

from __future__ import annotations

import structlog

from holdfast.kernel.errors import Conflict
from holdfast.notifications.models import Email
from holdfast.platform.db import transaction_required
from holdfast.platform.outbox import post

log = structlog.get_logger(__name__)


@transaction_required
def send_again(email: Email, *, by: str) -> None:
    """Have an email about a booking or a payment sent anew, worded from what is true now.

    Asked for twice before the worker has sent it, it is sent once. The caller's transaction keeps who asked.
    Raises Conflict for one that is not kept so that it could be, as mail about accounts is not.
    """
    if not email.told:
        raise Conflict("This email cannot be sent again.")
    number = Email.objects.filter(kind=email.kind, subject_id=email.subject_id, told=email.told).count()
    post("email", **email.told, again=number)
    log.info("email_again", message_id=email.message_id, by=by, number=number)
