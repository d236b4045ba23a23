"""Two records of one person, each with an open conversation at the same number: one conversation, and two again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from envoi.inbox import actions, queries
from envoi.inbox.models import Conversation
from envoi.records import erasing, merging
from envoi.team.models import Staff

from .conftest import again

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]
OTHER = "33639980002"


def test_the_longer_wait_and_everything_said_are_kept_and_the_undo_gives_both_back(
    write: Write, ana: Staff, owner: Staff
) -> None:
    gone = write("since this morning", ago=3600)
    kept = write("just now", phone=OTHER)
    actions.assign(kept.contact_id, kept.id, staff_id=ana.pk, by=ana)
    actions.add_note(gone.contact_id, gone.id, text="calls often", by=ana)
    actions.now_composing(gone.contact_id, gone.id, by=ana)

    merged = merging.merge(kept_id=kept.contact_id, gone_id=gone.contact_id, by=owner)

    one = Conversation.objects.get()
    assert (one.id, one.assignee, one.state, one.unread) == (kept.id, ana, "open", 1)
    assert one.waiting_since == gone.waiting_since
    lines = queries.thread(ana, one.contact_id, one.id)
    assert [line.message.text for line in lines if line.message] == ["since this morning", "just now"]
    assert [line.note.text for line in lines if line.note] == ["calls often"]
    assert write("and now", phone=OTHER).id == kept.id

    merging.undo(merged.pk, by=owner)

    assert Conversation.objects.count() == 2
    assert again(gone).waiting_since == gone.waiting_since
    assert again(kept).waiting_since == kept.waiting_since
    assert len([line for line in queries.thread(ana, gone.contact_id, gone.id) if line.note]) == 1


def test_a_closed_conversation_comes_along_beside_the_open_one(write: Write, ana: Staff, owner: Staff) -> None:
    gone = write("solved long ago", ago=3600)
    actions.close(gone.contact_id, gone.id, by=ana)
    kept = write("new", phone=OTHER)
    merging.merge(kept_id=kept.contact_id, gone_id=gone.contact_id, by=owner)
    found = Conversation.objects.order_by("id").values_list("contact_id", "state")
    assert sorted(found) == sorted([(kept.contact_id, "closed"), (kept.contact_id, "open")])


def test_an_erased_person_waits_for_nobody(write: Write, ana: Staff, owner: Staff) -> None:
    one = write("my secret")
    actions.add_note(one.contact_id, one.id, text="secret too", by=ana)
    erasing.erase(one.contact_id, by=owner)
    now = again(one)
    assert (now.state, now.waiting_since, now.last_text) == ("closed", None, "")
    assert not [line for line in queries.thread(ana, one.contact_id, one.id) if line.note]
