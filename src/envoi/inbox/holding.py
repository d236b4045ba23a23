"""Taking hold of one conversation, and changing it: what every action on it begins and ends with."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..contacts.models import Contact
from ..core.errors import NotFound
from . import live
from .models import Conversation


def held(contact_id: int, conversation_id: int) -> Conversation:
    """The conversation, locked until the caller's transaction ends. Raises NotFound.

    The contact before it: the order in which a merge, an erasure and intake hold them.
    """
    list(Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).values_list("pk"))
    try:
        return Conversation.objects.select_for_update().get(contact_id=contact_id, id=conversation_id)
    except Conversation.DoesNotExist:
        raise NotFound(_("There is no such conversation.")) from None


def change(conversation: Conversation, **values: Any) -> None:
    """Write these columns, named as the model names them (assignee_id), and set them on the object that was held."""
    Conversation.objects.filter(contact_id=conversation.contact_id, id=conversation.id).update(**values)
    for name, value in values.items():
        setattr(conversation, name, value)


def tell(conversation: Conversation, what: str, *, by: int | None = None) -> None:
    """`live.tell` about a conversation that was held."""
    live.tell(conversation.contact_id, conversation.id, what, by=by, assignee=conversation.assignee_id)
