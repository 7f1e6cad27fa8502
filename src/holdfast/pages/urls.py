"""The pages' addresses. A trade adds its own in ``surfaces/<trade>/urls.py``."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from .accounts import SignIn
from .home import home
from .payment import returned, to_pay

urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("pay/<slug:reference>/", to_pay, name="to_pay"),
    path("pay/return/<slug:reference>/", returned, name="returned"),
]
