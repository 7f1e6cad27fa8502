"""The addresses of one booking, one payment, and what is done about them."""

from __future__ import annotations

from django.urls import path

from . import acting, money, views

OF_ONE = [
    path("bookings/<slug:reference>/", views.booking, name="booking"),
    *(
        path(f"bookings/<slug:reference>/{what}/", acting.act, {"what": what}, name=what)
        for what in acting.ACTS
    ),
    path("payments/<slug:reference>/", views.payment, name="payment"),
    *(
        path(
            f"payments/<slug:reference>/{what}/", money.do_to_payment, {"what": what}, name=f"{what}_payment"
        )
        for what in money.PAYMENT_ACTS
    ),
    path("money/", money.money, name="money"),
    *(
        path(f"refunds/<int:refund>/{what}/", money.do_to_refund, {"what": what}, name=f"refund_{what}")
        for what in money.REFUND_ACTS
    ),
    path("events/<int:event>/replay/", money.replay_event, name="replay"),
    path("events/<int:event>/set-aside/", money.set_event_aside, name="set_aside"),
    path("emails/<int:email>/again/", money.mail_again, name="mail_again"),
]
