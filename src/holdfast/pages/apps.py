from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "holdfast.pages"
    label = "holdfast_pages"
    verbose_name = "Pages"
