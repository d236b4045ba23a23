from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Accounts at a provider and their numbers."""

    name = "envoi.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"
