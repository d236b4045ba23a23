"""What is refused before the network, and that every message comes out of its body again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.ids import token_of
from envoi.providers.base import Card, Channel, Form, Outgoing, Rejected, Slot

from .outbox import BIRD, CHANNELS, Wire, body_of, outgoing, send
from .test_sending import BUTTONS, CTA, LIST, PROMO


def form(**parts: Any) -> Outgoing:
    return outgoing(form=Form(name="t", language="en", **parts), values=("x",) * len(parts.get("slots", ())))


OTHER_ID = Outgoing(recipient="BR.1", token="e1.1.1", kind="text", content={"body": "Oi"})
REFUSED = [
    *[("gen3", outgoing(kind=kind, content={"id": "123"})) for kind in ("image", "video", "document", "sticker")],
    *[("gen3", outgoing(kind="interactive", content={"type": kind})) for kind in ("flow", "product", "x")],
    ("gen3", outgoing(kind="hologram", content={})),
    ("gen3", outgoing(kind="text")),
    ("gen3", outgoing(kind="reaction", content={"emoji": "👍"})),
    ("gen3", form(slots=(Slot("button", 0, "flow"),))),
    ("gen3", form(slots=(Slot("expires_at_ms"),))),
    ("gen3", form(header={"type": "image", "image": {"id": "1"}})),
    ("gen3", form(header={"type": "product", "product": {}})),
    ("gen3", outgoing(form=PROMO, values=("one",))),
    *[("gen2", outgoing(kind=kind, content={})) for kind in ("sticker", "location", "contacts", "reaction", "read")],
    ("gen2", outgoing(kind="interactive", content=LIST)),
    ("gen2", outgoing(kind="interactive", content=BUTTONS)),
    ("gen2", outgoing(kind="image", content={"id": "123"})),
    ("gen2", OTHER_ID),
    *[("conversations", outgoing(kind=kind, content={})) for kind in ("contacts", "reaction", "read", "image")],
    ("conversations", outgoing(kind="interactive", content=CTA)),
    ("conversations", outgoing(kind="text", content={"body": "Oi"}, reply_to="m0")),
    ("conversations", form(cards=(Card(), Card()))),
    ("conversations", OTHER_ID),
]


@pytest.mark.parametrize(("mode", "message"), REFUSED)
def test_what_an_api_lacks_is_refused_before_the_network_with_a_sentence(mode: str, message: Outgoing):
    wire = Wire()
    with pytest.raises(Rejected) as caught:
        send(mode, wire, message)
    assert wire.asked == []
    assert " " in caught.value.failure.title


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
SLOTS = st.builds(Slot, component=st.sampled_from(["header", "body"])) | st.builds(
    Slot, component=st.just("button"), index=st.integers(0, 9), sub_type=st.sampled_from(["url", "copy_code", "otp"])
)
FORMS = st.builds(Form, name=TEXT, language=st.just("pt_BR"), slots=st.lists(SLOTS, max_size=6).map(tuple))


@given(FORMS, st.data())
def test_every_value_comes_out_of_the_body_again(form: Form, data: st.DataObject):
    values = data.draw(st.lists(TEXT, min_size=len(form.slots), max_size=len(form.slots)))
    token = token_of(data.draw(st.integers(0, 2**59)), data.draw(st.integers(0, 2**59)))
    sent = body_of("gen3", token=token, form=form, values=values)
    assert sent["metadata"] == {"mid": token}
    parts = sent["template"].get("components", [])
    words = [parameter["text"] for part in parts for parameter in part["parameters"]]
    assert sorted(words) == sorted(values)


@given(FORMS, TEXT, TEXT)
def test_a_body_is_the_message_itself_and_comes_back_whole(form: Form, recipient: str, token: str):
    message = Outgoing(recipient=recipient, token=token, form=form, values=["v"] * form.size)
    stored = json.loads(BIRD.body(message, Channel(provider_id="x")))
    assert (stored["recipient"], stored["token"]) == (recipient, token)
    assert Form.load(stored["form"]) == form
    assert BIRD.body(message, CHANNELS["gen3"]) == BIRD.body(message, CHANNELS["gen2"])
