from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Messages, the outbox and the ledger."""

    name = "envoi.messaging"
    label = "messaging"
    default_auto_field = "django.db.models.BigAutoField"
