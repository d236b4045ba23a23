from django.apps import AppConfig


class WebConfig(AppConfig):
    """Base templates, components, static files."""

    name = "envoi.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
