from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "holdfast.desk"
    label = "holdfast_desk"
    verbose_name = "Desk"
