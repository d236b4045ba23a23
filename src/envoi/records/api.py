"""DELETE of /contacts: a person's erasure, which only the highest app that knows all their rows can do."""

from __future__ import annotations

from ninja import Status

from ..contacts.api import router as contacts
from ..rest.requests import KeyRequest
from ..rest.shapes import Id
from . import erasing

__all__ = ["contacts"]


@contacts.delete("/{contact_id}", response={204: None})
def erase_contact(request: KeyRequest, contact_id: Id) -> Status[None]:
    """Erase a person: what is known of them goes, sums stay, and a withdrawal is remembered. Nothing can undo it.

    What waits for them is cancelled. Not while a message to them is leaving at this moment: try again.
    """
    erasing.erase(contact_id, by=request.by)
    return Status(204, None)
