"""A rendered template body is the written one, byte for byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import Card, Channel, Form, Outgoing, Slot
from envoi.providers.meta import Meta, messages
from envoi.providers.meta.rendering import rendering

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
slots = st.builds(
    Slot,
    component=st.sampled_from(["header", "body"]),
    name=st.none() | st.sampled_from(["first_name", "code"]),
) | st.builds(
    Slot,
    component=st.just("button"),
    index=st.integers(0, 9),
    sub_type=st.sampled_from(["url", "quick_reply", "copy_code", "flow", "catalog"]),
)
forms = st.builds(
    Form,
    name=st.sampled_from(["spring_sale", "news"]),
    language=st.sampled_from(["fr", "zh_CN"]),
    slots=st.lists(slots, max_size=5).map(tuple),
    header=st.none() | st.just({"type": "image", "image": {"id": "1"}}),
    cards=st.lists(st.builds(Card, slots=st.lists(slots, max_size=2).map(tuple)), max_size=2).map(tuple),
)


@given(forms, st.data())
def test_every_person_gets_the_body_that_would_have_been_written_for_them(form: Form, data: st.DataObject) -> None:
    for _ in range(3):
        outgoing = Outgoing(
            recipient=data.draw(st.sampled_from(["+33600000001", "user.4711", "+55"])),
            token=data.draw(texts),
            form=form,
            values=data.draw(st.lists(texts, min_size=form.size, max_size=form.size)),
        )
        assert Meta().body(outgoing, Channel(provider_id="1")) == messages.body(outgoing)


def test_a_campaign_is_rendered_and_a_one_time_code_is_not() -> None:
    plain = Form(name="news", language="fr", slots=(Slot("body"),))
    code = Form(name="code", language="fr", slots=(Slot("button", index=0, sub_type="otp"),))
    for form, rendered in ((plain, True), (code, False)):
        outgoing = Outgoing(recipient="+33600000001", token="t", form=form, values=["1"])
        assert (rendering(outgoing, messages.body) is not None) is rendered
