"""The pages' addresses. A trade adds its own in ``surfaces/<trade>/urls.py``."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from . import account, accounts, calendars, pay_link
from .home import home
from .payment import returned, to_pay

urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign_in"),
    path("sign-in/code/", accounts.sign_in_code, name="sign_in_code"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("register/", accounts.register, name="register"),
    path("reset-password/", accounts.forgotten, name="forgotten"),
    path("reset-password/<str:key>/", accounts.reset, name="reset_password"),
    path("verify-email/<str:key>/", accounts.verify, name="verify_email"),
    path("account/", account.account, name="account"),
    path("account/done/<slug:what>/", accounts.done, name="account_done"),
    path("account/password/", account.password, name="change_password"),
    path("account/verify/", account.resend, name="resend_verification"),
    path("account/calendars/", calendars.calendars, name="calendars"),
    path("account/two-factor/", account.set_up, name="two_factor_set_up"),
    path("account/two-factor/confirm/", account.confirm, name="two_factor_confirm"),
    path("account/two-factor/recovery-codes/", account.renew_recovery_codes, name="recovery_codes"),
    path("account/two-factor/off/", account.turn_off, name="two_factor_off"),
    path("calendar/<str:key>.ics", calendars.calendar, name="calendar"),
    re_path(r"^pay/(?P<key>[a-z2-7]{32})/$", pay_link.by_link, name="by_link"),
    path("pay/done/<slug:reference>/", pay_link.done, name="pay_done"),
    path("pay/<slug:reference>/", to_pay, name="to_pay"),
    path("pay/return/<slug:reference>/", returned, name="returned"),
]
