from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "holdfast.notifications"
    label = "holdfast_notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"
