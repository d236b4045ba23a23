from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """One person's whole record across the apps: merged, undone, handed out, erased."""

    name = "envoi.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
