"""Who may sign in: by password, and by a code where the second factor is on. Every door asks here."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from holdfast.flows import second_factor
from holdfast.kernel.errors import CodeRequired, Invalid, NotSignedIn
from holdfast.platform.models import User

from .throttles import limit

BACKEND = "django.contrib.auth.backends.ModelBackend"
WAITING = "waits_for_code"  # in the session of a browser whose user has shown a password, and no code yet
WAITS_FOR = timedelta(minutes=10)


def user_with(email: str, password: str) -> User:
    """The user who has both. Raises NotSignedIn, which does not say what was wrong."""
    user = User.objects.filter(email=User.objects.normalize(email), is_active=True).first()
    # An unknown address takes as long as a wrong password, so that nobody learns who has an account.
    if not check_password(password, user.password if user else _some_hash()) or user is None:
        raise NotSignedIn("No account has this email and password.")
    return user


def ask_for_code(request: HttpRequest, user: User, code: str, *, now: datetime) -> None:
    """Let pass who has shown the password and, where it is on, the second factor.

    Raises CodeRequired for a code that is missing or wrong, and TooMany.
    """
    if not second_factor.is_on(user):
        return
    if not code:
        raise CodeRequired
    count_a_proof(request, user)
    try:
        second_factor.use_code(user, code, now=now)
    except Invalid as wrong:
        raise CodeRequired(second_factor.WRONG_CODE) from wrong


def ask_for_password(request: HttpRequest, user: User, password: str) -> None:
    """Ask somebody who is signed in for the password once more. Raises Invalid, and TooMany."""
    count_a_proof(request, user)
    if not check_password(password, user.password):
        raise Invalid({"password": ["This is not your password."]})


def count_a_proof(request: HttpRequest, user: User) -> None:
    """Count a try at this user's password or codes, wherever it comes from. Raises TooMany."""
    limit(request, "proof_by_user", "proof_by_user_an_hour", user=user.pk)


def stay_signed_in(request: HttpRequest, user: User) -> None:
    """Keep the session of whoever asks, after a change that ends all others. Without a session: nothing."""
    if request.user.is_authenticated and request.user.pk == user.pk:
        update_session_auth_hash(request, user)


def begin_session(request: HttpRequest, user: User) -> None:
    """Sign in with a session; the code, where one is needed, has been asked for."""
    request.session.pop(WAITING, None)
    login(request, user, backend=BACKEND)


def wait_for_code(request: HttpRequest, user: User, *, go_to: str, now: datetime) -> None:
    """Remember in the session, which opens nothing by that, who has shown a password and where to go then."""
    request.session[WAITING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "until": (now + WAITS_FOR).isoformat(),
        "go_to": go_to,
    }


def who_waits(request: HttpRequest, *, now: datetime) -> tuple[User, str]:
    """Who has shown a password a moment ago in this browser, and where to go then. Raises NotSignedIn."""
    waits = request.session.get(WAITING)
    if waits is None or now >= datetime.fromisoformat(waits["until"]):
        raise NotSignedIn
    user = User.objects.filter(pk=waits["user"], is_active=True).first()
    if user is None or not constant_time_compare(waits["hash"], user.get_session_auth_hash()):
        raise NotSignedIn
    return user, waits["go_to"]


@cache
def _some_hash() -> str:
    """A hash to check against when there is no user: made once, for argon2 takes its time."""
    return make_password("nobody's")
