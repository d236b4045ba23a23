from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Stored files and what providers call them."""

    name = "envoi.media"
    label = "media"
    default_auto_field = "django.db.models.BigAutoField"
