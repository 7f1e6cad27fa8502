from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "holdfast.catalog"
    label = "holdfast_catalog"
    verbose_name = "Catalog"
    default_auto_field = "django.db.models.BigAutoField"
