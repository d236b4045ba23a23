from django.apps import AppConfig


class StaffingConfig(AppConfig):
    """People here and their work."""

    name = "envoi.staffing"
    label = "staffing"
