from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "holdfast.payments"
    label = "holdfast_payments"
    verbose_name = "Payments"
    default_auto_field = "django.db.models.BigAutoField"
