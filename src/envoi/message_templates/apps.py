from django.apps import AppConfig


class MessageTemplatesConfig(AppConfig):
    """Wordings and their approval."""

    name = "envoi.message_templates"
    label = "message_templates"
    default_auto_field = "django.db.models.BigAutoField"
