from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "holdfast.project"
    label = "holdfast_project"
    verbose_name = "Project"
