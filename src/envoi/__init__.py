"""Envoi: WhatsApp campaigns and customer service on the official Business APIs."""

__version__ = "0.1.0"
