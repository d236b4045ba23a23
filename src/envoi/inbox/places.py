"""Addresses of the inbox's pages."""

from __future__ import annotations

from django.urls import reverse


def url_of(contact_id: int, conversation_id: int) -> str:
    """The page of a conversation; its parts stand below it."""
    return reverse("inbox:show", args=[contact_id, conversation_id])
