from django.apps import AppConfig


class RatesConfig(AppConfig):
    """What messages cost."""

    name = "envoi.rates"
    label = "rates"
    default_auto_field = "django.db.models.BigAutoField"
