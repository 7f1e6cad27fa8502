from django.apps import AppConfig


class AvailabilityConfig(AppConfig):
    name = "holdfast.availability"
    label = "holdfast_availability"
    verbose_name = "Availability"
    default_auto_field = "django.db.models.BigAutoField"
