from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """From stored webhooks to actions."""

    name = "envoi.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
