from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns."""

    name = "envoi.campaigns"
    label = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"
