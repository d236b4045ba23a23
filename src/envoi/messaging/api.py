"""/messages: what was written, in and out, each with its trace; sending one."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Query, Router, Status

from ..rest.requests import KeyRequest
from ..rest.shapes import LARGEST, Cursor, Limit, Listing, PairedId, cursor_of, parts, place
from . import finding, sending
from .queries import message_for
from .shapes import MessageGiven, MessageOut, all_shown

router = Router(tags=["messages"])

Which = Annotated[int | None, Query(ge=1, le=LARGEST)]


@router.get("", response=Listing[MessageOut])
def list_messages(
    request: KeyRequest,
    contact: Which = None,
    channel: Which = None,
    direction: Annotated[Literal["", "in", "out"], Query()] = "",
    campaign: Which = None,
    provider_id: Annotated[str, Query(max_length=500)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[MessageOut]:
    """Messages contact by contact; those of one contact the newest first."""
    page = finding.messages(
        request.by,
        contact_id=contact,
        channel_id=channel,
        direction=direction,
        campaign_id=campaign,
        provider_id=provider_id,
        after=place(cursor, digits=False),
        limit=limit,
    )
    return Listing(items=all_shown(page.items), next=cursor_of(page.next))


@router.post("", response={202: MessageOut})
def send_message(request: KeyRequest, given: MessageGiven) -> Status[MessageOut]:
    """Queue one message. Outside the 24 hours after they wrote, only a template may go.

    Text, files and the like go at once, before all campaigns. A template goes by its category: a promotion to whoever
    agreed to promotions, once in 24 hours. What becomes of it is in its trace.
    """
    message = sending.send(
        given.channel,
        to=given.whom(),
        message=given.what(),
        reply_to=given.reply_to,
        expires_at=given.expires_at,
        by=request.by,
    )
    return Status(202, all_shown([message])[0])


@router.get("/{message_id}", response=MessageOut)
def get_message(request: KeyRequest, message_id: PairedId) -> MessageOut:
    """One message with its whole story."""
    finding.may_read(request.by)
    return all_shown([message_for(*parts(message_id))])[0]
