"""Events through Pusher, for the businesses that have an app there.

Their messages are written by a trigger of the transitions' table, with the move itself and in no statement of
ours (decisions/0045): whoever moves a booking knows nothing of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from holdfast.kernel.errors import Invalid, NotFound
from holdfast.notifications import pusher
from holdfast.notifications.models import PusherAccount
from holdfast.platform.models import User

from .followers import scope_of
from .following import change_number

log = structlog.get_logger(__name__)

WORTH_TELLING_FOR = timedelta(minutes=10)  # whoever has not been told by then has looked for themselves


def push(transition: int, *, now: datetime) -> None:
    """Tell of one move of a booking. Raises NotTold, to be tried again, while that is worth anything."""
    change = change_number(transition)
    account = _account(change.business) if change else None
    if change is None or account is None:
        return
    try:
        pusher.tell(account, change.update)
    except pusher.NotTold as error:
        if now - change.update.at < WORTH_TELLING_FOR:
            raise
        log.warning("pusher_given_up", business=account.business.slug, why=str(error))


def permission_to_subscribe(channel: str, socket: str, *, user: User) -> dict[str, str]:
    """What lets this user's browser subscribe to a business's private channel at Pusher.

    Raises NotFound unless they may see all that it tells: Pusher sends everybody the same.
    """
    if not channel.startswith(pusher.PRIVATE):
        raise Invalid({"channel_name": ["Only private channels are asked about."]})
    scope = scope_of(channel.removeprefix(pusher.PRIVATE), user=user)
    account = _account(scope.business) if scope.business and scope.providers is None else None
    if account is None:
        raise NotFound("There is no such channel.")
    try:
        return pusher.permission(account, channel, socket)
    except ValueError:
        raise Invalid({"socket_id": ["This is no socket of Pusher's."]}) from None


def _account(business: int) -> PusherAccount | None:
    accounts = PusherAccount.objects.select_related("business")
    return accounts.filter(business_id=business, active=True).first()
