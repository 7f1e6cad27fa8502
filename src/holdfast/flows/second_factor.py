"""The second factor: an authenticator app's codes, asked for at every sign-in once it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import F, Func, Value

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.platform import codes
from holdfast.platform.accounts import mail, revoke_tokens
from holdfast.platform.db import transaction, transaction_required
from holdfast.platform.models import SecondFactor, User
from holdfast.platform.once import spend

WRONG_CODE = "This code is not right, or has been used."
# A used recovery code is remembered beside its removal only while a rival may still be looking at the list.
RIVALS_END_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class SetUp:
    """What an authenticator app needs to know, to be shown once."""

    secret: str
    otpauth_url: str


@dataclass(frozen=True)
class Standing:
    """Whether a user signs in with a second factor, and how many recovery codes are left."""

    is_on: bool
    recovery_codes_left: int


def standing(user: User) -> Standing:
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    return Standing(factor is not None, len(factor.recovery) if factor else 0)


def is_on(user: User) -> bool:
    """Whether this user must show a code to sign in."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def set_up(user: User, *, now: datetime) -> SetUp:
    """A new secret for the user's app. It counts for nothing before ``turn_on``. Raises Conflict when on."""
    secret = codes.new_secret()
    try:
        with transaction():
            SecondFactor.objects.filter(user=user, confirmed_at=None).delete()
            SecondFactor.objects.create(user=user, secret=secret, begun_at=now)
    except IntegrityError as there_is_one:
        raise Conflict("Two-factor sign-in is on already. Turn it off first.") from there_is_one
    return SetUp(secret, codes.otpauth_url(secret, account=user.email))


def begun(user: User) -> SetUp | None:
    """The set-up that waits for its first code, if there is one."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    return SetUp(factor.secret, codes.otpauth_url(factor.secret, account=user.email)) if factor else None


def turn_on(user: User, code: str, *, now: datetime) -> list[str]:
    """Ask for codes from now on, for the app has shown a right one. The recovery codes, to be shown once.

    Whatever was signed in with the password alone ends. Raises Conflict if nothing was set up, and Invalid.
    """
    recovery = codes.new_recovery_codes()
    with transaction():
        factor = _locked(user, is_on=False)
        _use(factor, code, now=now)
        factor.confirmed_at, factor.recovery = now, [codes.digest(one) for one in recovery]
        factor.save(update_fields=["confirmed_at", "recovery"])
        revoke_tokens([user.pk])
        mail("account_changed", user=user.pk, what="factor_on", now=now)
    user.refresh_from_db()
    return recovery


def turn_off(user: User, code: str, *, now: datetime) -> None:
    """Ask for no codes any more. Raises Conflict if it is off, and Invalid."""
    with transaction():
        factor = _locked(user, is_on=True)
        _use(factor, code, now=now)
        factor.delete()
        mail("account_changed", user=user.pk, what="factor_off", now=now)


@transaction_required
def take_away(user: User, *, now: datetime) -> None:
    """Turn it off for somebody who can show no code any more, and tell them. For platform admins."""
    SecondFactor.objects.filter(user=user).delete()
    mail("account_changed", user=user.pk, what="factor_off", now=now)


def renew_recovery_codes(user: User, code: str, *, now: datetime) -> list[str]:
    """Ten new codes instead of those that are left. Raises Conflict if it is off, and Invalid."""
    recovery = codes.new_recovery_codes()
    with transaction():
        factor = _locked(user, is_on=True)
        _use(factor, code, now=now)
        factor.recovery = [codes.digest(one) for one in recovery]
        factor.save(update_fields=["recovery"])
        mail("account_changed", user=user.pk, what="recovery_codes", now=now)
    return recovery


def use_code(user: User, code: str, *, now: datetime) -> None:
    """Show the second factor. A code, of the app or to recover, is good once. Raises Invalid."""
    with transaction():
        factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
        if factor is None:  # turned off a moment ago: whoever asks begins anew
            raise _wrong()
        _use(factor, code, now=now)


def _locked(user: User, *, is_on: bool) -> SecondFactor:
    """The user's factor, which nobody else changes meanwhile."""
    factors = SecondFactor.objects.select_for_update(no_key=True)
    factor = factors.filter(user=user, confirmed_at__isnull=not is_on).first()
    if factor is None:
        raise Conflict(
            "Two-factor sign-in is off." if is_on else "There is nothing to confirm: set it up first."
        )
    return factor


@transaction_required
def _use(factor: SecondFactor, code: str, *, now: datetime) -> None:
    said = codes.as_written(code)
    step = codes.step_of(said, factor.secret, now=now)
    if step is not None:
        spend(f"code:{factor.pk}:{step}", until=codes.end_of(step), refused=_wrong())
    else:
        _use_recovery_code(factor, codes.digest(said), now=now)


def _use_recovery_code(factor: SecondFactor, digest: str, *, now: datetime) -> None:
    if digest not in factor.recovery:
        raise _wrong()
    spend(f"recovery:{digest}", until=now + RIVALS_END_WITHIN, refused=_wrong())
    left = Func(F("recovery"), Value(digest), function="array_remove")
    SecondFactor.objects.filter(pk=factor.pk).update(recovery=left)
    mail("account_changed", user=factor.user_id, what="recovery_code", now=now)


def _wrong() -> Invalid:
    return Invalid({"code": [WRONG_CODE]})
