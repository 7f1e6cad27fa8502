from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "holdfast.flows"
    label = "holdfast_flows"
    verbose_name = "Flows"
