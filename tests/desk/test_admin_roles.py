"""Users and roles in the admin: whoever may do other things than before must sign in anew."""

from __future__ import annotations

import pytest
from django.test import Client

from holdfast.catalog.models import Member, Offering
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.web.tokens import issue, user_of
from tests.support.practice import Practice, new_member, new_user

pytestmark = pytest.mark.spec("GEN-16")


@pytest.mark.spec("GEN-1")
def test_a_changed_role_revokes_the_tokens(practice: Practice, admins_browser: Client) -> None:
    user = new_member(practice, "staff")
    access = issue(user, now=utc_now()).access
    member = Member.objects.get(user=user)

    admins_browser.post(f"/admin/holdfast_catalog/member/{member.pk}/change/", {"role": "staff"})
    unchanged = user_of(access)
    admins_browser.post(f"/admin/holdfast_catalog/member/{member.pk}/change/", {"role": "provider"})

    assert unchanged == user
    assert user_of(access) is None


@pytest.mark.spec("GEN-1")
def test_a_new_role_revokes_the_tokens(practice: Practice, admins_browser: Client) -> None:
    user = new_user()
    access = issue(user, now=utc_now()).access

    admins_browser.post(
        "/admin/holdfast_catalog/member/add/",
        {"business": practice.business.pk, "user": user.pk, "role": "owner"},
    )

    assert Member.objects.get().role == "owner"
    assert user_of(access) is None


@pytest.mark.spec("GEN-1")
@pytest.mark.parametrize("how", ["one", "many", "business"])
def test_a_lost_role_revokes_the_tokens(how: str, practice: Practice, admins_browser: Client) -> None:
    user, other = new_member(practice, "staff"), new_user()
    access, others_access = issue(user, now=utc_now()).access, issue(other, now=utc_now()).access
    member = Member.objects.get()
    Offering.objects.all().delete()
    page, row = {
        "one": (f"/admin/holdfast_catalog/member/{member.pk}/delete/", {}),
        "many": (
            "/admin/holdfast_catalog/member/",
            {"action": "delete_selected", "_selected_action": member.pk},
        ),
        "business": (f"/admin/holdfast_catalog/business/{practice.business.pk}/delete/", {}),
    }[how]

    admins_browser.post(page, row | {"post": "yes"})

    assert not Member.objects.exists()
    assert user_of(access) is None
    assert user_of(others_access) == other


@pytest.mark.spec("GEN-1")
@pytest.mark.parametrize("change", [{"is_active": ""}, {"is_staff": "on"}, {"is_superuser": "on"}])
def test_a_user_who_is_deactivated_or_promoted_must_sign_in_anew(
    change: dict[str, str], db: None, cheap_passwords: None, admins_browser: Client
) -> None:
    user = new_user()
    access = issue(user, now=utc_now()).access
    page = f"/admin/holdfast_platform/user/{user.pk}/change/"
    unchanged = {"email": user.email, "name": "A new name", "is_active": "on"}

    admins_browser.post(page, unchanged)
    still = user_of(access)
    admins_browser.post(page, {name: value for name, value in (unchanged | change).items() if value})

    assert still == user
    assert user_of(access) is None


def test_a_user_is_added_by_email_and_a_password_kept_as_a_hash(db: None, admins_browser: Client) -> None:
    password = "correct horse battery"

    answer = admins_browser.post(
        "/admin/holdfast_platform/user/add/",
        {"email": "New.Person@Example.com", "name": "N", "password1": password, "password2": password},
    )

    assert answer.status_code == 302
    user = User.objects.get(email="new.person@example.com")
    assert user.check_password(password)
    assert user.password not in admins_browser.get(answer["Location"]).content.decode()
