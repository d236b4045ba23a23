"""A customer writes, and rules answer: once, in their language, not when a person is there, not to machines."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from envoi.channels.models import Account, Channel
from envoi.contacts.models import ContactTag
from envoi.core.errors import BadInput
from envoi.inbox import actions as inbox
from envoi.inbox.models import Conversation, ConversationEvent, MessageAuthor
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.message_templates.models import Template
from envoi.messaging.models import Message, Outbox
from envoi.messaging.sending import What
from envoi.orders.actions import NewOrder, add_orders
from envoi.replies import actions
from envoi.replies.models import AutoAnswer, ReplyRule, RuleFiring
from envoi.team import opening
from envoi.team.models import Staff, Team

from ..inbox.conftest import message
from .conftest import Write, customer, rule, said, text

pytestmark = [pytest.mark.usefixtures("as_intake"), pytest.mark.django_db]


def conversation() -> Conversation:
    return Conversation.objects.order_by("-id")[0]


def test_a_keyword_is_answered_ahead_of_all_campaigns(write: Write):
    one = rule("Promo", "réduction", say="Use SPRING")
    write("Une REDUCTION svp !")
    assert said() == ["Use SPRING"]
    waiting = Outbox.objects.get()
    assert not waiting.promotional
    assert waiting.lane.priority == 0
    assert waiting.due_at <= timezone.now()
    author = MessageAuthor.objects.get()
    assert (author.rule_id, author.staff_id, author.message_id) == (one.pk, None, waiting.id)
    assert conversation().waiting_since is None


def test_the_same_webhook_ten_times_is_answered_once(write: Write):
    rule("Promo", "promo")
    write("promo", times=10)
    assert said() == ["Promo"]
    assert AutoAnswer.objects.count() == RuleFiring.objects.count() == 1


def test_two_copies_in_one_batch_are_answered_once(write: Write, account: Account):
    rule("Promo", "promo")
    body = message("promo")
    for _ in range(10):
        WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=body)
    while engine.step():
        pass
    assert said() == ["Promo"]


def test_who_wrote_twice_in_one_batch_is_answered_twice_in_order(write: Write, account: Account):
    rule("First", "one", actions=[text("First"), {"do": "tag", "tag": "asked"}])
    rule("Second", "two", conditions={"has_tags": ["asked"]})
    for number, words in enumerate(("one", "two"), 1):
        WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=message(words, number=number))
    while engine.step():
        pass
    assert said() == ["First", "Second"]


def test_a_person_who_answers_silences_the_rules_until_the_time_is_over(write: Write, ana: Staff):
    rule("Promo", "promo")
    write("promo please")
    inbox.reply(
        customer().pk, conversation().id, What("text", {"body": "Hello, it is Ana"}, "Hello, it is Ana"), by=ana
    )
    write("a promo, really")
    assert said() == ["Promo", "Hello, it is Ana"]
    # Two hours later.
    MessageAuthor.objects.filter(staff=ana).update(at=timezone.now() - timedelta(minutes=121))
    write("promo again")
    assert said()[-1] == "Promo"


def test_rules_may_stay_silent_until_the_conversation_is_closed(write: Write, ana: Staff):
    actions.save_settings(per_hour=5, silent_minutes=120, silent_until_closed=True, suggest=False, by=None)
    rule("Promo", "promo")
    write("hello")
    inbox.reply(customer().pk, conversation().id, What("text", {"body": "Yes?"}, "Yes?"), by=ana)
    MessageAuthor.objects.update(at=timezone.now() - timedelta(days=3))
    write("promo one")
    assert said() == ["Yes?"]
    inbox.close(customer().pk, conversation().id, by=ana)
    write("promo two")
    assert said() == ["Yes?", "Promo"]


def test_a_rule_that_says_so_answers_beside_a_person(write: Write, ana: Staff):
    rule("Promo", "promo", conditions={"with_people": True})
    write("hello")
    inbox.reply(customer().pk, conversation().id, What("text", {"body": "Yes?"}, "Yes?"), by=ana)
    write("promo")
    assert said() == ["Yes?", "Promo"]


def test_nobody_gets_more_automatic_answers_than_are_allowed_in_an_hour(write: Write):
    actions.save_settings(per_hour=3, silent_minutes=120, silent_until_closed=False, suggest=False, by=None)
    rule("Promo", "promo")
    for number in range(5):
        write(f"promo {number}")
    assert said() == ["Promo"] * 3
    assert list(AutoAnswer.objects.order_by("message_id").values_list("held", flat=True)) == [
        "",
        "",
        "",
        *["too_many"] * 2,
    ]
    AutoAnswer.objects.update(at=timezone.now() - timedelta(minutes=61))
    write("promo later")
    assert len(said()) == 4


def test_the_same_words_again_and_again_are_left(write: Write):
    rule("Promo", "promo")
    for _ in range(4):
        write("promo")
    assert said() == ["Promo"] * 2


@pytest.mark.parametrize(
    "words",
    [
        "This is an automated message: promo",
        "Réponse automatique : absent, promo",
        "自动回复：promo",
        "Respuesta automática. promo",
        "رد تلقائي promo",
        "स्वचालित उत्तर promo",
        "Thank you for your message. We're unavailable right now, but will respond as soon as possible. promo",
    ],
)
def test_an_automatic_message_is_never_answered(write: Write, words: str):
    rule("Promo", "promo")
    rule("Else", trigger={"on": "nothing"})
    write(words)
    assert said() == []


def test_a_reaction_is_never_answered(write: Write):
    rule("All", trigger={"on": "any"})
    write("promo")
    write(type="reaction", reaction={"message_id": "wamid.x", "emoji": "👍"})
    assert said() == ["All"]


def test_a_stop_is_heeded_and_no_rule_answers_it(write: Write):
    rule("Stop?", "stop")
    rule("All", trigger={"on": "any"})
    write("STOP")
    assert said() == []
    assert customer().marketing == "withdrawn"


def test_a_yes_that_no_opt_in_waits_for_is_a_word_like_others(write: Write):
    rule("Yes", "yes")
    write("yes")
    assert said() == ["Yes"]


def test_the_first_message_is_greeted_once(write: Write):
    rule("Welcome", trigger={"on": "first"}, settles=False)
    write("hello")
    write("hello again")
    assert said() == ["Welcome"]
    assert conversation().waiting_since is not None


def test_what_is_said_is_in_the_customers_language_with_their_name(write: Write):
    both = text("Hello {{first_name|friend}}!", fr="Bonjour {{first_name}} !", **{"pt-br": "Oi {{first_name}}"})
    rule("Hello", "hi", actions=[both])
    write("hi 1")
    contact = customer()
    for language, name in (("fr-CA", "Zoé Martin"), ("pt-BR", "Rui"), ("pt", "Rui")):
        contact.language, contact.name = language.lower(), name
        contact.save()
        AutoAnswer.objects.update(at=timezone.now() - timedelta(hours=2))
        Message.objects.filter(direction="in").update(text="x")
        write("hi")
    # Ana is what WhatsApp said of her.
    assert said() == ["Hello Ana!", "Bonjour Zoé !", "Oi Rui", "Hello Rui!"]


def test_an_order_is_found_by_its_number_and_named_in_the_answer(write: Write):
    rule(
        "Order",
        trigger={"on": "order"},
        actions=[text("{{order.number}}: {{order.amount}}, {{order.items}}, {{order.date}}", fr="Le {{order.date}}")],
    )
    write("hello")
    bought = timezone.now().replace(year=2026, month=3, day=2)
    add_orders([NewOrder(customer().pk, "A-77", bought, Decimal("19.90"), "EUR", items=[{"name": "Tea"}])])
    write("where is a-77?")
    write("where is a-78?")
    assert said() == ["A-77: 19.90 EUR, Tea, March 2, 2026"]


def test_nobody_is_told_of_somebody_elses_order(write: Write):
    rule("Order", trigger={"on": "order"}, actions=[text("{{order.number}}")])
    write("hello", phone="33639980002")
    add_orders([NewOrder(customer("33639980002").pk, "A-77", timezone.now(), Decimal(5), "EUR")])
    write("A-77")
    assert said() == []


def test_a_menu_is_answered_by_its_payload(write: Write):
    options = [{"title": "Orders", "payload": "menu.orders"}, {"title": "A person"}]
    menu = {"do": "menu", "texts": [{"language": "", "text": "What about?", "options": options}]}
    rule("Menu", "help", actions=[menu])
    rule("Orders", trigger={"on": "payload", "words": ["menu.orders"]})
    write("help")
    sent = Message.objects.get(direction="out")
    assert sent.kind == "interactive"
    assert sent.content["action"]["buttons"][0]["reply"] == {"id": "menu.orders", "title": "Orders"}
    tapped = {"type": "button_reply", "button_reply": {"id": "menu.orders", "title": "Orders"}}
    write(type="interactive", interactive=tapped)
    assert said() == ["What about?", "Orders"]


def test_many_options_become_a_list(write: Write):
    options = [{"title": f"Option {number}", "description": "More"} for number in range(5)]
    texts = [{"language": "", "text": "Choose", "options": options, "button": "Open"}]
    rule("Menu", "help", actions=[{"do": "menu", "texts": texts}])
    write("help")
    content = Message.objects.get(direction="out").content
    assert content["type"] == "list"
    assert len(content["action"]["sections"][0]["rows"]) == 5


def test_a_rule_does_all_its_things_in_order(write: Write, ana: Staff, account: Account):
    team = Team.objects.create(name="Returns")
    template = Template.objects.create(
        account=account,
        name="note",
        language="en",
        category="utility",
        state="approved",
        components=[{"type": "BODY", "text": "Dear {{1}}", "example": {"body_text": [["Ana"]]}}],
    )
    rule(
        "All",
        "return",
        actions=[
            {"do": "tag", "tag": "returns"},
            {"do": "tag", "tag": "gone"},
            {"do": "untag", "tag": "gone"},
            text("One moment"),
            {"do": "template", "template": template.pk, "values": {"1": "{{first_name}}"}},
            {"do": "consent", "state": "granted"},
            {"do": "priority", "priority": 2},
            {"do": "assign", "team": team.pk},
            {"do": "assign", "staff": ana.pk},
        ],
    )
    write("return")
    assert list(ContactTag.objects.values_list("tag__name", flat=True)) == ["returns"]
    assert said()[0] == "One moment"
    assert Message.objects.get(kind="template").values == ["Ana"]
    assert customer().marketing == "granted"
    one = conversation()
    assert (one.priority, one.team_id, one.assignee_id) == (2, team.pk, ana.pk)


def test_a_rule_may_close_the_conversation(write: Write):
    rule("Thanks", "thanks", actions=[text("With pleasure"), {"do": "close"}])
    write("thanks")
    assert conversation().state == "closed"
    write("thanks again")
    assert Conversation.objects.count() == 2


def test_what_a_rule_cannot_do_is_told_in_the_conversation(write: Write, account: Account):
    template = Template.objects.create(
        account=account, name="t", language="en", category="utility", state="approved", components=[]
    )
    rule("Broken", "x1", actions=[{"do": "template", "template": template.pk}, text("But this")])
    template.state = "rejected"
    template.save()
    write("x1")
    assert said() == ["But this"]
    assert "not approved" in ConversationEvent.objects.get(what="rule_trouble").detail["problem"]


def test_somebody_who_wants_no_messages_at_all_gets_no_automatic_ones(write: Write):
    rule("All", trigger={"on": "any"})
    write("one")
    contact = customer()
    contact.blocked_at = timezone.now()
    contact.save()
    write("two")
    assert said() == ["All"]


def test_a_changed_rule_holds_from_the_next_message_on(write: Write):
    one = rule("Promo", "promo", say="Old")
    write("promo 1")
    actions.save_rule(name="Promo", trigger=one.trigger, actions=[text("New")], by=None, rule_id=one.pk)
    write("promo 2")
    actions.set_enabled(one.pk, False, by=None)
    write("promo 3")
    assert said() == ["Old", "New"]


def test_the_order_of_rules_decides_and_can_be_changed(write: Write):
    rule("One", "promo")
    two = rule("Two", "promo")
    write("promo 1")
    actions.move(two.pk, -1, by=None)
    write("promo 2")
    assert said() == ["One", "Two"]
    assert list(ReplyRule.objects.order_by("position").values_list("name", flat=True)) == ["Two", "One"]


def test_strange_text_is_shown_as_text_and_answered(write: Write):
    rule("All", trigger={"on": "any"}, actions=[text("{{name}}, {{first_name}}")])
    write("<script>alert(1)</script>" + "x" * 64_000)
    contact = customer()
    contact.name = "<b>{{code}}</b>"
    contact.save()
    write("\u202e\u200b\x00promo")
    assert said()[-1] == "<b>{{code}}</b>, <b>{{code}}</b>"


def test_an_old_message_is_not_answered_days_later(write: Write):
    rule("All", trigger={"on": "any"})
    write("hello", ago=25 * 3600)
    assert said() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "A name has 1 to 120"),
        ({"trigger": {"on": "keyword", "words": []}}, "Write a keyword"),
        ({"trigger": {"on": "keyword", "words": ["…"]}}, "would never be found"),
        ({"trigger": {"on": "keyword", "words": ["a"], "how": "contains"}}, "nearly every message"),
        ({"trigger": {"on": "magic"}}, "when the rule answers"),
        ({"trigger": {"on": "media", "words": ["smoke"]}}, "kinds of messages"),
        ({"actions": []}, "add an action"),
        ({"actions": [{"do": "dance"}]}, "nothing that a rule can do"),
        ({"actions": [text("Hello {{naem}}")]}, "There is no variable {{naem}}"),
        ({"actions": [text("Your code: {{code}}")]}, "only in the text of a promo code"),
        ({"actions": [text("x" * 4_097)]}, "at most 4096"),
        ({"actions": [{"do": "promo", "pool": 77}]}, "Choose a pool"),
        ({"actions": [{"do": "assign", "staff": 77}]}, "somebody who works here"),
        ({"actions": [{"do": "webhook", "url": "ftp://example.com"}]}, "begins with https"),
        ({"actions": [{"do": "webhook", "url": "https://me:secret@example.com"}]}, "holds no password"),
        ({"conditions": {"has_tags": ["a"], "lacks_tags": ["a"]}}, "has and lacks"),
        ({"conditions": {"segment": 77}}, "a segment that exists"),
        ({"channels": [77]}, "channels and teams"),
        ({"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}, "end before it begins"),
        ({"starts_at": "tomorrow"}, "Write a moment"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_a_sentence(channel: Channel, given: dict, sentence: str):  # type: ignore[type-arg]
    with pytest.raises(BadInput, match=sentence):
        rule(**{"name": "x", "trigger": {"on": "any"}, "actions": [text("x")], **given})
    assert not ReplyRule.objects.exists()


def test_who_writes_while_closed_hears_so(write: Write):
    rule("Closed", trigger={"on": "outside_hours"}, settles=False)
    rule("Promo", "promo", conditions={"hours": "open"})
    write("promo 1")
    opening.set_hours(None, zone="UTC", week=[""] * 7, by=None)
    write("promo 2")
    assert said() == ["Promo", "Closed"]
