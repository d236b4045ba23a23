from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """People, identities, consent, tags and imports."""

    name = "envoi.contacts"
    label = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
