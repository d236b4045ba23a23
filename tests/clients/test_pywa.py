"""pywa, a client of Meta that we did not write, against our simulator: it sends, and it takes what comes back.

What both sides agree on here is not our own misreading of Meta twice over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pywa import WhatsApp, errors, types
from pywa.types import templates as t

from envoi.config.commands.simulated import Simulated
from envoi.providers.base import Channel, Outgoing
from envoi.providers.meta import Meta
from tests.providers import meta_templates, simulated
from tests.providers.simulated import (
    ANA,
    APP,
    NUMBER,
    SECRET,
    TOKEN,
    VERIFY_TOKEN,
    WABA,
    Listener,
    entries,
    put_account,
    say,
    until,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
LINK = meta_templates.LINK
FRENCH = t.TemplateLanguage.FRENCH
HEADER = t.HeaderImage.params(image=LINK)
OFFER_ENDS = datetime.fromtimestamp(meta_templates.OFFER_ENDS / 1_000, UTC)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulated.simulator(tmp_path_factory.mktemp("simulator")) as one:
        put_account(one, templates=meta_templates.specs())
        # pywa 4.5 reads the first update of a webhook and drops the others; Meta may put a thousand into one.
        one.change(webhooks={"batch": 1})
        yield one


@pytest.fixture
def bodies() -> list[bytes]:
    """The body of every request that pywa makes."""
    return []


@pytest.fixture
def wa(simulator: Simulated, bodies: list[bytes]) -> Iterator[WhatsApp]:
    def keep(request: httpx.Request) -> None:
        bodies.append(request.read())

    with httpx.Client(event_hooks={"request": [keep]}) as session:
        client = WhatsApp(
            phone_id=NUMBER,
            token=TOKEN,
            session=session,
            waba_id=WABA,
            app_id=APP,
            app_secret=SECRET,
            verify_token=VERIFY_TOKEN,
        )
        # The only thing about Meta that is not as it is: where it is.
        session.base_url = f"{simulator.url}/v25.0"
        yield client


@pytest.fixture
def theirs(simulator: Simulated) -> str:
    """The id of what Ana wrote a moment ago: her window is open."""
    return say(simulator, text="hola")


def recorded(simulator: Simulated, wamid: str) -> tuple[Any, ...]:
    (found,) = [row for row in entries(simulator, "wamid", "kind", "to", "template", "opaque") if row[0] == wamid]
    return found[1:]


def test_texts_places_contacts_reactions_and_marks(simulator: Simulated, wa: WhatsApp, theirs: str):
    sent = {
        "text": wa.send_message(ANA, "hi https://x.example", preview_url=True, tracker="p.text"),
        "location": wa.send_location(ANA, 48.85, 2.35, name="Shop", address="1 rue X", tracker="p.location"),
        "contacts": wa.send_contact(
            ANA,
            types.Contact(
                name=types.Contact.Name(formatted_name="Ana", first_name="Ana"),
                phones=[types.Contact.Phone(phone="+34600111222", type="CELL")],
            ),
            tracker="p.contacts",
        ),
        "reaction": wa.send_reaction(ANA, "👍", theirs, tracker="p.reaction"),
    }
    for kind, message in sent.items():
        assert recorded(simulator, message.id) == (kind, ANA, None, f"p.{kind}")
    reply = wa.send_message(ANA, "yes", reply_to_message_id=theirs)
    assert recorded(simulator, reply.id)[0] == "text"
    assert wa.mark_message_as_read(theirs)
    assert wa.indicate_typing(theirs)


def test_interactive_messages(simulator: Simulated, wa: WhatsApp, theirs: str):
    rows = [types.SectionRow("Row", "r1", "about it"), types.SectionRow("Other", "r2")]
    kinds = [
        [types.Button("Yes", "yes"), types.Button("No", "no")],
        types.SectionList("Open", [types.Section("One", rows)]),
        types.URLButton("Shop", "https://x.example/a?b=1"),
        types.FlowButton(title="Start", flow_id="F1", flow_token="T", flow_action_screen="FIRST"),
    ]
    for at, buttons in enumerate(kinds):
        message = wa.send_message(ANA, "Choose", header="Head", footer="Foot", buttons=buttons, tracker=f"i.{at}")
        assert recorded(simulator, message.id) == ("interactive", ANA, None, f"i.{at}")
    catalog = wa.send_catalog(ANA, "Look", thumbnail_product_sku="SKU")
    product = wa.send_product(ANA, "C1", "SKU")
    products = wa.send_products(ANA, "C1", [types.ProductsSection("T", ["SKU", "SKU2"])], "Picks", "Head")
    for message in (catalog, product, products):
        assert recorded(simulator, message.id)[0] == "interactive"


def test_media_up_sent_down_and_gone(simulator: Simulated, wa: WhatsApp, theirs: str, tmp_path: Path):
    media = wa.upload_media(PNG, mime_type="image/png", filename="a.png")
    message = wa.send_image(ANA, media.id, caption="c", tracker="p.image")
    assert recorded(simulator, message.id) == ("image", ANA, None, "p.image")
    links = [wa.send_video(ANA, "https://x.example/v.mp4"), wa.send_audio(ANA, "https://x.example/a.ogg")]
    links += [wa.send_document(ANA, "https://x.example/d.pdf", filename="d.pdf")]
    links += [wa.send_sticker(ANA, "https://x.example/s.webp"), wa.send_voice(ANA, "https://x.example/v.ogg")]
    kinds = [recorded(simulator, one.id)[0] for one in links]
    assert kinds == ["video", "audio", "document", "sticker", "audio"]

    found = wa.get_media_url(media.id)
    assert (found.mime_type, found.file_size) == ("image/png", len(PNG))
    assert wa.get_media_bytes(found.url) == PNG
    assert wa.download_media(url=found.url, path=tmp_path, filename="b.png").read_bytes() == PNG
    assert wa.delete_media(media.id)
    with pytest.raises(errors.WhatsAppError):
        wa.get_media_url(media.id)


def card(index: int, text: str, path: str) -> Any:
    params = [HEADER, t.BodyText.params(text), t.URLButton.params(url_variable=path, index=0)]
    return t.CarouselCard.params(params=params, index=index)


PARAMS: dict[str, list[Any]] = {
    "plain": [],
    "positional": [t.HeaderText.params("Soldes"), t.BodyText.params("Ana", "-20 %")],
    "named": [t.BodyText.params(first_name="Ana", code="S20")],
    "image_header": [HEADER],
    "video_header": [t.HeaderVideo.params(video=LINK)],
    "document_header": [t.HeaderDocument.params(document=LINK, filename="a.pdf")],
    "location_header": [t.HeaderLocation.params(lat=48.85, lon=2.35, name="Shop", address="1 rue X")],
    "product_header": [t.HeaderProduct.params(catalog_id="C1", sku="SKU")],
    "quick_reply_button": [t.QuickReplyButton.params(callback_data="stop", index=0)],
    "url_button": [t.URLButton.params(url_variable="cmp17/902", index=0)],
    "copy_code_button": [t.CopyCodeButton.params(coupon_code="SAVE20", index=0)],
    "flow_button": [t.FlowButton.params(flow_token="T", index=0)],
    "catalog_button": [t.CatalogButton.params(thumbnail_product_sku="SKU", index=0)],
    "mpm_button": [
        t.MPMButton.params(product_sections=[types.ProductsSection("T", ["SKU"])], thumbnail_product_sku="SKU", index=0)
    ],
    "code": [t.AuthenticationBody.params(otp="493817"), t.CopyCodeOTPButton.params(otp="493817")],
    "offer": [
        HEADER,
        t.BodyText.params("Ana"),
        t.LimitedTimeOffer.params(expiration_time=OFFER_ENDS),
        t.CopyCodeButton.params(coupon_code="SAVE20", index=0),
        t.URLButton.params(url_variable="902", index=1),
    ],
    "carousel": [
        t.BodyText.params("Ana"),
        t.Carousel.params(cards=[card(0, "sac", "s/1"), card(1, "gant", "g/2")]),
    ],
}


def test_every_template_of_ours_has_one_of_pywas():
    assert list(PARAMS) == [case.form.name for case in meta_templates.CASES]


@pytest.mark.parametrize("case", meta_templates.CASES, ids=lambda case: case.form.name)
def test_a_template_of_every_kind_and_it_looks_like_ours(
    simulator: Simulated, wa: WhatsApp, bodies: list[bytes], case: meta_templates.Case
):
    """Two readings of Meta's pages, made apart: pywa's and ours."""
    name = case.form.name
    message = wa.send_template(ANA, name, FRENCH, PARAMS[name], tracker=f"t.{name}")
    assert recorded(simulator, message.id) == ("template", ANA, name, f"t.{name}")

    asked = Outgoing(recipient=ANA, token=f"t.{name}", form=case.form, values=case.values)
    ours = json.loads(Meta().body(asked, Channel(provider_id=NUMBER)))
    theirs = json.loads(bodies[-1])
    if name == "offer":
        # pywa 4.5 writes seconds where Meta's examples, and the field's name, say milliseconds.
        offer = theirs["template"]["components"][2]["parameters"][0]["limited_time_offer"]
        offer["expiration_time_ms"] *= 1_000
    assert plain(ours) == plain(theirs)


def plain(part: Any, name: str = "") -> Any:
    """Without what Meta leaves open: capitals of a type, a number as text, an order, what is empty."""
    match part:
        case dict():
            return {key: plain(value, key) for key, value in part.items() if value not in (None, [])}
        case list():
            return sorted((plain(item) for item in part), key=lambda item: json.dumps(item, sort_keys=True))
    return str(part).lower() if name in ("type", "sub_type") else str(part)


def test_a_marketing_template_by_its_own_endpoint(simulator: Simulated, wa: WhatsApp):
    message = wa.send_template(ANA, "plain", FRENCH, [], use_mm_lite_api=True, message_activity_sharing=True)
    assert recorded(simulator, message.id)[2] == "plain"
    with pytest.raises(errors.WhatsAppError):
        wa.send_template(ANA, "code", FRENCH, PARAMS["code"], use_mm_lite_api=True)


def test_templates_are_made_listed_and_deleted(simulator: Simulated, wa: WhatsApp):
    made = wa.create_template(
        t.Template(
            name="autumn",
            language=FRENCH,
            category=t.TemplateCategory.MARKETING,
            parameter_format=t.ParamFormat.NAMED,
            components=[
                t.HeaderText("Bonjour"),
                t.BodyText("Bonjour {{name}}, les soldes d'automne sont ouverts pour vous.", name="Ana"),
                t.FooterText(text="Répondez STOP"),
                t.Buttons(
                    buttons=[t.QuickReplyButton(text="Stop promos"), t.URLButton(text="Voir", url="https://x.example")]
                ),
            ],
        )
    )
    until(lambda: wa.get_template(made.id).status == t.TemplateStatus.APPROVED, "the approval")
    assert "autumn" in [one.name for one in wa.get_templates(name="autumn")]
    message = wa.send_template(ANA, "autumn", FRENCH, [t.BodyText.params(name="Ana")])
    assert recorded(simulator, message.id)[2] == "autumn"
    assert wa.delete_template("autumn", template_id=made.id)
    with pytest.raises(errors.WhatsAppError):
        wa.get_template(made.id)


def test_a_refusal_is_the_error_that_pywa_knows(simulator: Simulated, wa: WhatsApp):
    simulator._call("POST", f"/_simulator/customers/{ANA}/close_window", {"phone_number_id": NUMBER})
    with pytest.raises(errors.ReEngagementMessage):
        wa.send_message(ANA, "too late")


def test_webhooks_are_taken_by_pywas_own_receiver(simulator: Simulated, wa: WhatsApp):
    """Signature, handshake and content: texts, taps, media, statuses, preferences, templates."""
    got: dict[str, list[Any]] = {}
    refused: list[Any] = []
    lock = threading.Lock()

    def keep(name: str) -> Any:
        def handler(_: WhatsApp, update: Any) -> None:
            with lock:
                got.setdefault(name, []).append(update)

        return handler

    wa.on_message()(keep("message"))
    wa.on_callback_button()(keep("tap"))
    wa.on_message_status()(keep("status"))
    wa.on_user_marketing_preferences()(keep("preference"))
    wa.on_template_status_update()(keep("template"))

    def answer(body: bytes, headers: dict[str, str]) -> int:
        problem = wa.webhook_update_validator(body, headers.get("x-hub-signature-256"))
        if problem is None:
            return wa.webhook_update_handler(body)[1]
        refused.append(problem)
        return problem[1]

    listener = Listener(answer)
    try:
        put_account(simulator, templates=meta_templates.specs(), callback_url=listener.url)
        (handshake,) = listener.handshakes
        assert wa.webhook_challenge_handler(handshake["hub.verify_token"], handshake["hub.challenge"]) == (
            handshake["hub.challenge"],
            200,
        )
        text = say(simulator, text="hola")
        tap = say(simulator, button={"payload": "stop", "text": "Stop promos"})
        picture = say(simulator, image=True)
        message = wa.send_message(ANA, "hi", tracker="e1.17.902")
        simulator._call("POST", f"/_simulator/customers/{ANA}/stop", {"phone_number_id": NUMBER})
        simulator._call("POST", "/_simulator/meta/templates/plain", {"status": "PAUSED"})

        def all_came() -> bool:
            with lock:
                delivered = [
                    one
                    for one in got.get("status", [])
                    if one.id == message.id and one.status == types.MessageStatusType.DELIVERED
                ]
                ids = {one.id for one in got.get("message", [])}
                return bool(delivered) and {text, picture} <= ids and {"tap", "preference", "template"} <= got.keys()

        until(all_came, "an update of each kind")
        assert refused == []
        messages = {one.id: one for one in got["message"]}
        assert (messages[text].text, messages[text].from_user.wa_id) == ("hola", ANA.lstrip("+"))
        assert messages[picture].image.get_bytes().startswith(b"\x89PNG")
        assert got["tap"][0].id == tap
        assert {one.tracker for one in got["status"] if one.id == message.id} == {"e1.17.902"}
        assert got["template"][0].template_name == "plain"
        assert wa.webhook_update_validator(listener.posts[0][0] + b" ", listener.posts[0][1]["x-hub-signature-256"])
    finally:
        listener.close()
