"""The pages of automatic replies over HTTP: who may, what is shown, what bad input does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts import actions as contacts
from envoi.contacts.models import Contact
from envoi.inbox.models import MessageAuthor
from envoi.messaging.models import Message
from envoi.replies import codes, queries
from envoi.replies.models import FaqEntry, PromoCode, PromoPool, ReplyRule, ReplySettings
from envoi.team.models import Staff

from .conftest import Write, customer, rule, said, text

pytestmark = pytest.mark.django_db

SENT = {
    "name": "Promo",
    "on": "keyword",
    "how": "fuzzy",
    "words": "réduction, 优惠\npromo code",
    "stops": "stop",
    "enabled": "on",
    "step": ["a1:text", "a2:tag"],
    "text.a1": ["Hello {{first_name}}!", "Bonjour {{first_name}} !"],
    "language.a1": ["", "fr"],
    "chosen.a2": "promo",
}


@pytest.fixture
def page(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


def seen(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()[:500]
    return " ".join(answer.content.decode().split())


def test_a_rule_is_made_and_changed_by_the_page(page: Client, channel: Channel):
    answer = page.post("/replies/new/", {**SENT, "do": "save"})
    assert answer.status_code == 302
    made = ReplyRule.objects.get()
    assert made.trigger == {"on": "keyword", "how": "fuzzy", "words": ["réduction", "优惠", "promo code"]}
    assert [one["do"] for one in made.actions] == ["text", "tag"]
    assert made.actions[0]["texts"][1] == {"language": "fr", "text": "Bonjour {{first_name}} !"}
    assert (made.stops, made.settles, made.enabled) == (True, False, True)
    shown = seen(page.get(f"/replies/{made.pk}/"))
    assert "Bonjour {{first_name}} !" in shown
    page.post(f"/replies/{made.pk}/", {**SENT, "do": "save", "stops": "on", "languages": "fr, pt-BR"})
    made.refresh_from_db()
    assert made.stops is False
    assert made.conditions == {"languages": ["fr", "pt-br"]}
    assert "goes on" in seen(page.get("/replies/"))


def test_the_shape_changes_and_what_was_typed_stays(page: Client):
    more = seen(page.post("/replies/new/", {**SENT, "do": "add:menu"}, HTTP_HX_REQUEST="true"))
    assert "Show buttons or a list" in more
    assert "promo code" in more
    swapped = page.post("/replies/new/", {**SENT, "do": "down:a1"}, HTTP_HX_REQUEST="true").content.decode()
    assert swapped.index("a2:tag") < swapped.index("a1:text")
    third = page.post("/replies/new/", {**SENT, "do": "language:a1"}, HTTP_HX_REQUEST="true").content.decode()
    assert third.count('name="text.a1"') == 3
    gone = page.post("/replies/new/", {**SENT, "do": "remove:a2"}, HTTP_HX_REQUEST="true").content.decode()
    assert "a2:tag" not in gone
    media = seen(page.post("/replies/new/", {**SENT, "on": "media", "do": "redraw"}, HTTP_HX_REQUEST="true"))
    assert "Which kinds" in media


def test_a_rule_that_cannot_be_meant_is_answered_with_a_sentence(page: Client):
    answer = page.post("/replies/new/", {**SENT, "words": " ", "do": "save"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "Write a keyword" in answer.content.decode()
    wrong = {**SENT, "step": ["zzz:dance", "a9", "a1:template"], "starts_at": "yesterday", "segment": "x", "do": "save"}
    assert page.post("/replies/new/", wrong, HTTP_HX_REQUEST="true").status_code == 422
    assert not ReplyRule.objects.exists()


def test_names_and_texts_are_shown_as_text(page: Client):
    rule("<script>alert(1)</script>", "<b>", say="<i>{{first_name}}</i>")
    for path in ("/replies/", "/replies/try/?text=<b>b</b>", f"/replies/{ReplyRule.objects.get().pk}/"):
        shown = page.get(path).content.decode()
        assert "<script>alert(1)" not in shown
        assert "<i>" not in shown


def test_rules_are_moved_switched_and_deleted(page: Client):
    one, two = rule("One", "one"), rule("Two", "two")
    moved = page.post(f"/replies/{two.pk}/move", {"to": "up"}, HTTP_HX_REQUEST="true").content.decode()
    assert moved.index(">Two<") < moved.index(">One<")
    page.post(f"/replies/{one.pk}/switch", {"to": "off"})
    one.refresh_from_db()
    assert not one.enabled
    page.post(f"/replies/{one.pk}/delete")
    assert list(ReplyRule.objects.all()) == [two]
    assert page.post(f"/replies/{one.pk}/delete").status_code == 404


def test_a_rule_is_dropped_at_its_place_and_nowhere_else(page: Client):
    rules = [rule(name, name) for name in ("One", "Two", "Three")]
    moved = page.post(f"/replies/{rules[2].pk}/move", {"to": "1"}, HTTP_HX_REQUEST="true").content.decode()
    assert moved.index(">Three<") < moved.index(">One<") < moved.index(">Two<")
    page.post(f"/replies/{rules[0].pk}/move", {"to": "900"})
    assert list(ReplyRule.objects.order_by("position").values_list("name", flat=True)) == ["Three", "Two", "One"]
    for wrong in ("0", "-2", "first", "", "9" * 40):
        answer = page.post(f"/replies/{rules[0].pk}/move", {"to": wrong}, HTTP_HX_REQUEST="true")
        assert answer.status_code == 422, wrong
        assert "The first rule has the place 1." in answer.content.decode()
    # The places of what a search leaves over are not those of all.
    assert "data-grip" in seen(page.get("/replies/"))
    assert "data-grip" not in seen(page.get("/replies/?q=one"))


def test_nothing_chosen_adds_no_rule_and_says_so_without_cheer(page: Client, channel: Channel):
    answer = page.post("/replies/ready/", {}, follow=True).content.decode()
    assert "No rule was added: tick those that you want." in answer
    assert "notice good" not in answer
    pool = codes.save_pool(name="P", again="new", low_at=0, empty=[{"text": "None"}], by=None)
    answer = page.post(f"/replies/codes/{pool.pk}/add", {"pasted": "CODE,3;x"}, follow=True).content.decode()
    assert "1 line was left out: a code has 1 to 60 characters, no comma, semicolon or tab. CODE,3;x" in answer
    assert "notice good" not in answer


def test_the_bench_tells_namesakes_apart_and_says_why_each_rule_is_silent(page: Client, channel: Channel):
    seen_at = timezone.now() - timedelta(days=400)
    known = [
        Contact.objects.create(phone="+33639980101", name="Ana Silva", last_inbound_at=seen_at, language="fr"),
        Contact.objects.create(phone="+33639980102", name="Ana Silva", language="es"),
        Contact.objects.create(name="Ana Silva", language="pt"),
    ]
    rule("French", "promo", conditions={"languages": ["fr"]}, say="Oui", starts_at=seen_at)
    shown = seen(page.post("/replies/try/", {"text": "promo", "who": "Ana Silva"}, HTTP_HX_REQUEST="true"))
    assert "Who is meant?" in shown
    for one in known:
        assert f"who=%23{one.pk}" in shown
    assert "+33639980101 · last wrote" in shown
    assert "+33639980102 · never wrote" in shown
    # The newest is asked until somebody says otherwise; the reason can be read without opening anything.
    assert f"As Ana Silva (#{known[2].pk}) is known" in shown
    assert '<span class="under soft">They speak none of its languages: pt</span>' in shown
    chosen = seen(page.get("/replies/try/", {"text": "promo", "who": f"#{known[0].pk}", "channel": channel.pk}))
    assert "Oui" in chosen
    assert "Who is meant?" not in chosen
    assert f"It holds from {seen_at.day} {seen_at:%b %Y}" in chosen


def test_ready_made_rules_are_offered_and_taken(page: Client, write: Write):
    assert "Ready-made rules" in seen(page.get("/replies/"))
    page.post("/replies/ready/", {"key": ["promo", "order", "hours", "thanks", "outside", "welcome"]})
    assert ReplyRule.objects.count() == 6
    assert not ReplyRule.objects.get(ready="promo").enabled
    codes.add_codes(PromoPool.objects.get().pk, "A1\nB2", by=None)
    page.post(f"/replies/{ReplyRule.objects.get(ready='promo').pk}/switch", {"to": "on"})
    write("réduction")
    write("谢谢！")
    assert said() == ["Here is your code, Ana: *A1*. It is yours alone. Enjoy!", "With pleasure! 😊"]
    assert "1 code is left" in seen(page.get("/replies/"))
    page.post("/replies/ready/", {"key": "promo"})
    assert ReplyRule.objects.count() == 6


def test_the_bench_shows_which_rule_fires_and_why_each_other_does_not(page: Client, channel: Channel):
    rule("VIP", "promo", conditions={"has_tags": ["vip"]})
    rule("Promo", trigger={"on": "keyword", "how": "fuzzy", "words": ["promotion"]})
    rule("After", "promotion")
    rule("Off", "promotion", enabled=False)
    rule("Else", trigger={"on": "nothing"})
    shown = seen(page.post("/replies/try/", {"text": "a promotoin please"}, HTTP_HX_REQUEST="true"))
    assert "“promotoin” is one typo away from a keyword" in shown
    assert "“Promo” answers already" in shown
    assert "It is off" in shown
    assert "No keyword of it is in the message" in shown
    shown = seen(page.post("/replies/try/", {"text": "promotion promo"}, HTTP_HX_REQUEST="true"))
    assert "They lack the tag vip" in shown
    assert "stops before it" in shown
    assert not Message.objects.exists()


def test_the_bench_knows_the_customer_the_time_and_stop_words(page: Client, write: Write, ana: Staff):
    rule("VIP", "promo", conditions={"has_tags": ["vip"]}, say="For you, {{first_name}}")
    rule("Tap", trigger={"on": "payload", "words": ["yes.please"]}, say="Tapped")
    write("hello")
    contacts.tag([customer().pk], name="vip")
    assert "For you, Ana" in seen(page.post("/replies/try/", {"text": "promo", "who": "+33639980001"}))
    assert "Tapped" in seen(page.post("/replies/try/", {"payload": "yes.please"}))
    assert "means STOP" in seen(page.post("/replies/try/", {"text": "Désabonnement"}))
    assert "looks like an automatic message" in seen(page.post("/replies/try/", {"text": "Automatic reply: promo"}))
    assert "somebody unknown writes" in seen(page.post("/replies/try/", {"text": "promo", "who": "Nobody Atall"}))
    one = MessageAuthor.objects.create(
        contact=customer(), message_id=1, staff=ana, conversation_id=customer().conversations.get().id
    )
    assert one.at
    assert "A person answered" in seen(page.post("/replies/try/", {"text": "promo", "who": "+33639980001"}))


def test_the_bench_takes_no_code(page: Client, channel: Channel):
    pool = codes.save_pool(name="P", again="new", low_at=0, empty=[{"text": "None"}], by=None)
    codes.add_codes(pool.pk, "A1", by=None)
    rule("Promo", "promo", actions=[{"do": "promo", "pool": pool.pk, "texts": [{"text": "Code {{code}}"}]}])
    assert "Code A1" in seen(page.post("/replies/try/", {"text": "promo"}))
    assert PromoCode.objects.filter(contact_id=None).count() == 1


def test_sixty_four_thousand_characters_are_tried(page: Client, channel: Channel):
    rule("Promo", "promo")
    assert "fires" in seen(page.post("/replies/try/", {"text": "promo \u202e\u200b" + "x" * 64_000}))


def test_pools_are_filled_by_paste_and_by_file(page: Client):
    page.post("/replies/codes/new/", {"name": "Spring", "again": "same", "low_at": "3", "text": "Gone", "language": ""})
    pool = PromoPool.objects.get()
    assert pool.empty == [{"language": "", "text": "Gone"}]
    page.post(f"/replies/codes/{pool.pk}/add", {"pasted": "A1\nB2"})
    file = SimpleUploadedFile("codes.csv", b"code;x\nC3;1\nA1;2\n")
    answer = page.post(f"/replies/codes/{pool.pk}/add", {"file": file}, follow=True)
    assert "1 code added." in seen(answer)
    assert "1 was known already." in seen(answer)
    assert "Few codes are left" in seen(answer)
    assert page.post(f"/replies/codes/{pool.pk}/add", {}).status_code == 422
    page.post(f"/replies/codes/{pool.pk}/remove")
    assert not PromoCode.objects.exists()
    page.post(f"/replies/codes/{pool.pk}/delete")
    assert not PromoPool.objects.exists()


def test_what_holds_for_all_rules_is_set(page: Client):
    page.post("/replies/settings/", {"per_hour": "9", "silent_minutes": "0", "suggest": "on"})
    kept = ReplySettings.objects.get()
    assert (kept.per_hour, kept.silent_minutes, kept.silent_until_closed, kept.suggest) == (9, 0, False, True)
    assert "whsec_" in seen(page.get("/replies/settings/"))
    assert page.post("/replies/settings/", {"per_hour": "0", "silent_minutes": "x"}).status_code == 422


def test_questions_are_written_changed_and_deleted(page: Client):
    page.post("/replies/faq/", {"question": "How long?", "answer": "Two days", "language": "en"})
    entry = FaqEntry.objects.get()
    assert "Two days" in seen(page.get(f"/replies/faq/?change={entry.pk}"))
    page.post("/replies/faq/", {"entry": entry.pk, "question": "How long?", "answer": "Three days"})
    assert FaqEntry.objects.get().answer == "Three days"
    assert "No question matches" in seen(page.get("/replies/faq/?q=zebra"))
    page.post(f"/replies/faq/{entry.pk}/delete")
    assert not FaqEntry.objects.exists()


def test_how_a_rule_fared_is_counted(page: Client, write: Write, ana: Staff):
    one = rule("Promo", "promo")
    write("promo", phone="33639980001")
    write("promo", phone="33639980002")
    write("STOP", phone="33639980002")
    MessageAuthor.objects.create(contact=customer(), message_id=2**40, staff=ana)
    MessageAuthor.objects.filter(message_id=2**40).update(at=timezone.now())
    fared = queries.fared(None, one.pk)
    assert (fared.fired, fared.people, fared.taken_over, fared.opted_out, fared.held) == (2, 2, 1, 0, 0)
    assert sum(count for _day, count in fared.days) == 2
    assert queries.fired_lately(None) == {one.pk: 2}
    contacts.record_consent(
        customer("33639980002").pk, purpose="marketing", state="withdrawn", source="keyword", at=timezone.now()
    )
    assert queries.fared(None, one.pk).opted_out == 1
    assert "Last 30 days" in seen(page.get(f"/replies/{one.pk}/"))


@pytest.mark.parametrize("role", ["agent", "analyst"])
def test_who_may_not_write_rules_reads_them(client: Client, role: str):
    reader = Staff.objects.create(email="r@example.com", role=role)
    client.force_login(reader)
    one = rule("Promo", "promo")
    for path in (
        "/replies/",
        f"/replies/{one.pk}/",
        "/replies/try/",
        "/replies/codes/",
        "/replies/faq/",
        "/replies/settings/",
    ):
        shown = seen(client.get(path))
        assert "whsec_" not in shown
        assert ">Save<" not in shown
    for path, sent in {
        "/replies/new/": SENT | {"do": "save"},
        f"/replies/{one.pk}/": SENT | {"do": "save"},
        f"/replies/{one.pk}/move": {"to": "up"},
        f"/replies/{one.pk}/switch": {"to": "off"},
        f"/replies/{one.pk}/delete": {},
        "/replies/ready/": {"key": "promo"},
        "/replies/codes/new/": {"name": "x"},
        "/replies/settings/": {"per_hour": "1", "silent_minutes": "1"},
        "/replies/faq/": {"question": "a", "answer": "b"},
    }.items():
        assert client.post(path, sent).status_code == 403, path
    assert client.get("/replies/new/").status_code == 403
    assert list(ReplyRule.objects.values_list("name", "enabled")) == [("Promo", True)]


def test_a_rule_of_an_erased_template_or_team_still_opens(page: Client, channel: Channel):
    one = rule("X", "x", actions=[text("x")])
    ReplyRule.objects.update(
        actions=[
            {"do": "template", "template": 99, "values": {}},
            {"do": "assign", "team": 98},
            {"do": "media", "file": 9, "texts": []},
            {"do": "promo", "pool": 97, "texts": [{"language": "", "text": "{{code}}"}]},
        ],
        conditions={"segment": 96},
        channels=[95],
    )
    assert "(deleted)" in seen(page.get("/replies/"))
    seen(page.get(f"/replies/{one.pk}/"))
    seen(page.post("/replies/try/", {"text": "x"}))
    assert Contact.objects.count() == 0


def test_a_rules_times_are_those_of_the_page_on_which_they_were_typed(page: Client):
    page.cookies["envoi_zone"] = "Asia/Tokyo"
    empty = seen(page.get("/replies/new/"))
    assert 'By the clock of <span class="zone">Asia/Tokyo</span>.' in empty
    assert '<input type="hidden" name="zone" value="Asia/Tokyo">' in empty
    page.cookies["envoi_zone"] = "America/New_York"
    typed = {**SENT, "starts_at": "2031-03-01T09:30", "ends_at": "2031-03-02T09:30", "zone": "Asia/Tokyo"}
    # Drawn again as a button changes its shape: the same times, still of the same clock.
    again = seen(page.post("/replies/new/", {**typed, "do": "add:menu"}, HTTP_HX_REQUEST="true"))
    assert 'value="2031-03-01T09:30"' in again
    assert '<input type="hidden" name="zone" value="Asia/Tokyo">' in again
    page.post("/replies/new/", {**typed, "do": "save"})
    made = ReplyRule.objects.get()
    assert made.starts_at == datetime(2031, 3, 1, 0, 30, tzinfo=UTC)
    assert made.ends_at == datetime(2031, 3, 2, 0, 30, tzinfo=UTC)
    kept = seen(page.get(f"/replies/{made.pk}/"))
    assert 'value="2031-02-28T19:30"' in kept
    assert '<input type="hidden" name="zone" value="America/New_York">' in kept


def test_a_rules_times_without_a_known_clock_are_refused(page: Client):
    typed = {**SENT, "starts_at": "2031-03-01T09:30", "zone": "<i>Mars</i>"}
    answer = page.post("/replies/new/", {**typed, "do": "save"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "did not say in which time zone" in answer.content.decode()
    assert not ReplyRule.objects.exists()
    assert "<i>Mars" not in seen(page.post("/replies/new/", {**typed, "do": "add:menu"}, HTTP_HX_REQUEST="true"))


def test_the_bench_tries_the_moment_of_its_pages_clock(page: Client, channel: Channel):
    rule(
        "Night",
        "promo",
        starts_at=datetime(2031, 3, 1, 0, 0, tzinfo=UTC),
        ends_at=datetime(2031, 3, 1, 1, 0, tzinfo=UTC),
    )
    page.cookies["envoi_zone"] = "America/New_York"
    asked = {"text": "promo", "at": "2031-03-01T09:30", "zone": "Asia/Tokyo"}
    assert 'class="fires"' in seen(page.post("/replies/try/", asked, HTTP_HX_REQUEST="true"))
    elsewhere = {**asked, "zone": "America/New_York"}
    assert 'class="fires"' not in seen(page.post("/replies/try/", elsewhere, HTTP_HX_REQUEST="true"))
    linked = seen(page.get("/replies/try/", asked))
    assert 'class="fires"' in linked
    assert '<input type="hidden" name="zone" value="Asia/Tokyo">' in linked
    for wrong in ({"zone": "nowhere"}, {"at": "soon"}):
        assert page.post("/replies/try/", {**asked, **wrong}, HTTP_HX_REQUEST="true").status_code == 422
