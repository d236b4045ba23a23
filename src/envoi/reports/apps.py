from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reads across the apps."""

    name = "envoi.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
