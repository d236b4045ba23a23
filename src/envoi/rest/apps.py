from django.apps import AppConfig


class RestConfig(AppConfig):
    """The ground of the REST API."""

    name = "envoi.rest"
    label = "rest"
    default_auto_field = "django.db.models.BigAutoField"
