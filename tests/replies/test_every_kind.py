"""Every kind of trigger, condition and action is on the page, in the API and on the test bench, and means the same.

A rule is made by the page, read and made again by the API, opened on the page, and fires on the bench for what it is
about and for nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Account, Channel
from envoi.contacts import actions as contacts
from envoi.contacts.models import Contact
from envoi.inbox.models import MessageAuthor
from envoi.message_templates.models import Template
from envoi.messaging.models import Pair
from envoi.orders.actions import NewOrder, add_orders
from envoi.replies import api, checking, codes, doing, telling
from envoi.replies.models import ReplyRule
from envoi.replies.rules import How, Trigger
from envoi.segments.models import Segment
from envoi.team import keys, opening
from envoi.team.models import Staff, Team

from ..media.conftest import library_file
from ..media.files import png
from .conftest import Write, customer

pytestmark = pytest.mark.django_db

WHO = "+33639980001"
SENT = {"name": "One", "on": "any", "stops": "stop", "enabled": "on", "step": ["a1:tag"], "chosen.a1": "seen"}


@dataclass(frozen=True)
class Case:
    """What the page sends, what is kept of it, a message that is meant, and one that is not."""

    form: dict[str, Any]
    kept: dict[str, Any]
    meant: dict[str, Any]
    other: dict[str, Any] = field(default_factory=lambda: {"text": "hello"})


TRIGGERS = {
    "keyword": Case(
        {"words": "promo, 优惠", "how": "word"}, {"how": "word", "words": ["promo", "优惠"]}, {"text": "promo!"}
    ),
    "nothing": Case({}, {}, {"text": "hello"}, {"text": "promo for the other rule"}),
    "first": Case({}, {}, {"text": "hello", "is_first": "on"}),
    "outside_hours": Case(
        {},
        {},
        {"text": "hello", "at": "2026-03-08T12:00", "zone": "UTC"},
        {"text": "hello", "at": "2026-03-09T12:00", "zone": "UTC"},
    ),
    "payload": Case({"words": "menu.orders"}, {"words": ["menu.orders"]}, {"payload": "MENU.orders"}, {"payload": "x"}),
    "order": Case({}, {}, {"text": "where is a-77", "who": WHO}, {"text": "where is a-78", "who": WHO}),
    "media": Case({"kinds": ["image", "audio"]}, {"words": ["image", "audio"]}, {"kind": "audio"}, {"kind": "video"}),
    "referral": Case({"words": "spring"}, {"words": ["spring"]}, {"text": "hi", "source": "spring-7"}, {"source": "x"}),
    "any": Case({}, {}, {"text": "whatever"}, {"text": "Automatic reply: I am away"}),
}
HOWS = {
    "word": ({"text": "a promo"}, {"text": "promos"}),
    "fuzzy": ({"text": "discoutn"}, {"text": "disco"}),
    "contains": ({"text": "allpromos"}, {"text": "prom"}),
    "exact": ({"text": "Promo!"}, {"text": "promo please"}),
}


@dataclass
class World:
    page: Client
    program: Client
    channel: Channel
    other: Channel
    team: Team
    segment: Segment

    def seen(self, given: dict[str, Any]) -> bool:
        """Whether the test bench says that the rule fires."""
        told = self.page.post("/replies/try/", {"channel": self.channel.pk, **given}, HTTP_HX_REQUEST="true")
        assert told.status_code == 200
        does = re.search(r'<ul class="reasons">(.*?)</ul>', told.content.decode(), re.DOTALL)
        return bool(does and "seen" in does[1])

    def saved(self, form: dict[str, Any], rule_id: int | None = None) -> ReplyRule:
        path = f"/replies/{rule_id}/" if rule_id else "/replies/new/"
        answer = self.page.post(path, {**SENT, **form, "do": "save"})
        assert answer.status_code == 302, answer.content.decode()
        return ReplyRule.objects.get(name=form.get("name", "One"))


@pytest.fixture
def world(client: Client, owner: Staff, account: Account, channel: Channel, write: Write, ana: Staff) -> World:
    """A customer who wrote before, has an order and tags; opening hours from Monday to Friday."""
    client.force_login(owner)
    write("hello")
    add_orders([NewOrder(customer().pk, "A-77", timezone.now(), Decimal("19.90"), "EUR")])
    opening.set_hours(None, zone="UTC", week=["9-18", "9-18", "9-18", "9-18", "9-18", "", ""], by=None)
    _key, secret = keys.make(name="Program", scopes=["replies:read", "replies:write"], by=owner)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    other = Channel.objects.create(account=account, name="Other", address="+33639980009", provider_id="9")
    segment = Segment.objects.create(name="French", rule={"field": "language", "is": "is", "value": "fr"})
    return World(client, program, channel, other, Team.objects.create(name="Returns"), segment)


def test_no_place_has_a_kind_that_another_lacks() -> None:
    triggers = set(get_args(Trigger))
    assert triggers == set(checking.TRIGGERS) == set(telling.TRIGGERS) == set(TRIGGERS)
    assert triggers == set(get_args(api.TriggerGiven.model_fields["on"].annotation))
    hows = set(get_args(How))
    assert hows == set(checking.HOW) == set(telling.HOW) == set(HOWS)
    assert hows == set(get_args(api.TriggerGiven.model_fields["how"].annotation))
    assert set(doing._DOES) == set(checking._ACTIONS) == set(telling.ACTIONS)
    assert set(api.ConditionsGiven.model_fields) == {*KEPT_CONDITIONS}
    described = api.RuleGiven.model_json_schema()["properties"]["actions"]["items"]["description"]
    assert [one for one in telling.ACTIONS if one not in described] == []


@pytest.mark.parametrize("on", TRIGGERS)
def test_a_trigger_is_the_same_everywhere(world: World, on: str) -> None:
    case = TRIGGERS[on]
    if on == "nothing":
        world.saved({"name": "Other", "on": "keyword", "words": "promo", "how": "word", "chosen.a1": "other"})
    made = world.saved({"on": on, **case.form})
    assert made.trigger == {"on": on, **case.kept}
    same_everywhere(world, made, {"on": on, **case.form})
    fires_for(world, case.meant, case.other)


@pytest.mark.parametrize("how", HOWS)
def test_a_keyword_is_found_as_the_page_says(world: World, how: str) -> None:
    words = "discount" if how == "fuzzy" else "promo"
    made = world.saved({"on": "keyword", "words": words, "how": how})
    assert made.trigger == {"on": "keyword", "how": how, "words": [words]}
    same_everywhere(world, made, {"on": "keyword", "words": words, "how": how})
    fires_for(world, *HOWS[how])


KEPT_CONDITIONS = ("has_tags", "lacks_tags", "segment", "hours", "window", "languages", "with_people")
MORE = ("channels", "teams", "starts_at", "ends_at")


@pytest.mark.parametrize("name", [*KEPT_CONDITIONS, *MORE])
def test_a_condition_is_the_same_everywhere(world: World, name: str, ana: Staff) -> None:
    them: Contact = customer()
    form: dict[str, Any]
    meant: dict[str, Any] = {"text": "hello", "who": WHO}
    other: dict[str, Any] = {"text": "hello"}
    change = lambda: None  # noqa: E731
    match name:
        case "has_tags":
            contacts.tag([them.pk], name="vip")
            form = {"has_tags": "vip, gold"}
        case "lacks_tags":
            form = {"lacks_tags": "vip"}
            other = meant
            change = lambda: contacts.tag([them.pk], name="vip")  # noqa: E731
        case "segment":
            Contact.objects.update(language="fr")
            form = {"segment": str(world.segment.pk)}
        case "hours":
            form = {"hours": "closed"}
            meant, other = (
                {"text": "hello", "at": "2026-03-08T12:00", "zone": "UTC"},
                {"text": "hello", "at": "2026-03-09T12:00", "zone": "UTC"},
            )
        case "window":
            form, other = {"window": "on"}, meant
            change = lambda: Pair.objects.update(window_open_until=timezone.now() - timedelta(seconds=1))  # noqa: E731
        case "languages":
            form = {"languages": "fr, pt-br"}
            meant, other = {"text": "hello", "language": "fr-ca"}, {"text": "hello", "language": "pt"}
        case "with_people":
            said_by(ana, them)
            form, other = {"with_people": "on"}, meant
            change = lambda: world.saved({}, ReplyRule.objects.get().pk)  # noqa: E731
        case "channels":
            form = {"channels": [str(world.channel.pk)]}
            other = {"text": "hello", "channel": world.other.pk}
        case "teams":
            form = {"teams": [str(world.team.pk)]}
            them.conversations.update(team=world.team)
        case "starts_at":
            form = {"starts_at": "2026-03-09T09:00", "zone": "UTC"}
            meant, other = (
                {"text": "hello", "at": "2026-03-09T09:00", "zone": "UTC"},
                {"text": "hello", "at": "2026-03-09T08:59", "zone": "UTC"},
            )
        case "ends_at":
            form = {"ends_at": "2026-03-09T09:00", "zone": "UTC"}
            meant, other = (
                {"text": "hello", "at": "2026-03-09T08:59", "zone": "UTC"},
                {"text": "hello", "at": "2026-03-09T09:00", "zone": "UTC"},
            )
    made = world.saved(form)
    assert made.conditions.get(name) if name in KEPT_CONDITIONS else getattr(made, name)
    same_everywhere(world, made, form)
    assert world.seen(meant)
    change()
    assert not world.seen(other)


@pytest.mark.parametrize("do", telling.ACTIONS)
def test_an_action_is_the_same_everywhere(world: World, do: str, account: Account, ana: Staff) -> None:
    pool = codes.save_pool(name="P", again="new", low_at=0, empty=[{"language": "", "text": "None"}], by=None)
    template = Template.objects.create(
        account=account,
        name="note",
        language="en",
        category="utility",
        state="approved",
        components=[{"type": "BODY", "text": "Dear {{1}}", "example": {"body_text": [["Ana"]]}}],
    )
    form: dict[str, Any] = {"step": [f"a1:{do}"], "chosen.a1": ""}
    match do:
        case "text":
            form |= {"text.a1": ["Hi", "Salut"], "language.a1": ["", "fr"]}
        case "promo":
            form |= {"chosen.a1": str(pool.pk), "text.a1": "Code {{code}}", "language.a1": ""}
        case "menu":
            form |= {"text.a1": "What?", "language.a1": "", "options.a1": "Orders | Yours | menu.orders\nPerson"}
            form |= {"button.a1": "Choose"}
        case "media":
            form |= {
                "chosen.a1": str(library_file(png(), "a.png", "image/png").pk),
                "text.a1": "Look",
                "language.a1": "",
            }
        case "template":
            form |= {"chosen.a1": str(template.pk), "value.a1.1": "{{first_name}}"}
        case "tag" | "untag":
            form |= {"chosen.a1": "vip"}
        case "consent":
            form |= {"chosen.a1": "withdrawn"}
        case "assign":
            form |= {"chosen.a1": f"team:{world.team.pk}"}
        case "priority":
            form |= {"chosen.a1": "2"}
        case "webhook":
            form |= {"chosen.a1": "https://shop.example/hook"}
    made = world.saved(form)
    assert [one["do"] for one in made.actions] == [do]
    same_everywhere(world, made, form)
    told = world.page.post("/replies/try/", {"text": "hello", "who": WHO}, HTTP_HX_REQUEST="true").content.decode()
    assert "fires" in told


def same_everywhere(world: World, made: ReplyRule, form: dict[str, Any]) -> None:
    """The API reads it, makes the same again, and the page that is opened and saved changes nothing."""
    parts = ("trigger", "conditions", "actions", "channels", "teams", "starts_at", "ends_at")
    before = {name: getattr(made, name) for name in parts}
    read = world.program.get(f"/api/v1/replies/{made.pk}").json()
    assert {name: read[name] for name in parts[:5]} == {name: before[name] for name in parts[:5]}
    given = {name: value for name, value in read.items() if name in api.RuleGiven.model_fields}
    again = world.program.post("/api/v1/replies", given | {"name": "Again"}, content_type="application/json")
    assert again.status_code == 201, again.content.decode()
    twin = ReplyRule.objects.get(name="Again")
    assert {name: getattr(twin, name) for name in parts} == before
    twin.delete()
    assert world.page.get(f"/replies/{made.pk}/").status_code == 200
    world.saved(form, made.pk)
    made.refresh_from_db()
    assert {name: getattr(made, name) for name in parts} == before


def fires_for(world: World, meant: dict[str, Any], other: dict[str, Any]) -> None:
    assert world.seen(meant)
    assert not world.seen(other)


def said_by(staff: Staff, them: Contact) -> None:
    MessageAuthor.objects.create(contact=them, message_id=1, staff=staff, conversation_id=them.conversations.get().id)
