from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Conversations."""

    name = "envoi.inbox"
    label = "inbox"
    default_auto_field = "django.db.models.BigAutoField"
