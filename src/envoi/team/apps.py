from django.apps import AppConfig


class TeamConfig(AppConfig):
    """Staff, roles and the audit log."""

    name = "envoi.team"
    label = "team"
    default_auto_field = "django.db.models.BigAutoField"
