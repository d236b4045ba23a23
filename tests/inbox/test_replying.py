"""What counts as written, and what does not."""

from __future__ import annotations

import pytest

from envoi.core.errors import BadInput
from envoi.inbox import actions as inbox
from envoi.inbox.models import MessageAuthor
from envoi.messaging.sending import What
from envoi.team.models import Staff

from .conftest import again
from .test_conversations import Write

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["\u200b\u200d", " \u2060 ", "\u202e"])
def test_a_text_that_nobody_can_see_is_no_answer(write: Write, ana: Staff, text: str) -> None:
    one = write("hello")
    with pytest.raises(BadInput, match="Write something first"):
        inbox.reply(one.contact_id, one.id, What("text", {"body": text}, text), by=ana)
    assert again(one).waiting_since is not None


def test_what_was_taken_back_was_not_written(write: Write, ana: Staff) -> None:
    one = write("hello")
    sent = inbox.reply(one.contact_id, one.id, What("text", {"body": "hi"}, "hi"), by=ana)
    assert inbox.take_back(one.contact_id, sent, by=ana)
    assert not MessageAuthor.objects.exists()
