from django.apps import AppConfig


class RepliesConfig(AppConfig):
    """Automatic replies."""

    name = "envoi.replies"
    label = "replies"
    default_auto_field = "django.db.models.BigAutoField"
