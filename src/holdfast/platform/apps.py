from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "holdfast.platform"
    label = "holdfast_platform"
    verbose_name = "Platform"
    default_auto_field = "django.db.models.BigAutoField"
