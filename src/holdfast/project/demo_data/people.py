"""Who can sign in to the demo. Password: holdfast-demo."""

from __future__ import annotations

from holdfast.platform.models import User

PASSWORD = "holdfast-demo"  # noqa: S105 - the demo's, printed where it starts
CUSTOMER, OTHER = "customer@demo.test", "other@demo.test"
STAFF, ADMIN = "staff@demo.test", "admin@demo.test"
ASTROLOGER, COACH, COACH_2 = "astrologer@demo.test", "coach@demo.test", "coach2@demo.test"
HOTEL_STAFF, OTHER_HOTEL_STAFF = "hotel-staff@demo.test", "other-hotel-staff@demo.test"
NAMES = {
    CUSTOMER: "A customer",
    OTHER: "Another customer",
    ASTROLOGER: "The astrologer",
    STAFF: "The front office",
    COACH: "The first coach",
    COACH_2: "The second coach",
    HOTEL_STAFF: "The reception of Lake View",
    OTHER_HOTEL_STAFF: "The reception of Old Mill",
}

People = dict[str, User]


def all_people() -> People:
    """Everybody by address, made where they are missing."""
    if not User.objects.filter(email=ADMIN).exists():
        User.objects.create_superuser(ADMIN, PASSWORD, name="The administrator")
    return {email: _person(email, name) for email, name in NAMES.items()}


def _person(email: str, name: str) -> User:
    known = User.objects.filter(email=email).first()
    return known or User.objects.create_user(email, PASSWORD, name=name)
