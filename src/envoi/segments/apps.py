from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """Saved rules that choose contacts."""

    name = "envoi.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"
