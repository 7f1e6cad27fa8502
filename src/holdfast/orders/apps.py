from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "holdfast.orders"
    label = "holdfast_orders"
    verbose_name = "Orders"
    default_auto_field = "django.db.models.BigAutoField"
