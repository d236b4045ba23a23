from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Purchases."""

    name = "envoi.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"
