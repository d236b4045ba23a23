"""The builder's form: every rule there is can be shown, changed and sent back without losing anything."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts.models import Attribute, Contact
from envoi.replies import actions as replies
from envoi.segments import actions, queries
from envoi.segments.forms import Bunch, Row, RuleForm
from envoi.segments.known import Known
from envoi.segments.models import AutoTag, Segment
from envoi.team.models import AuditEntry, Staff
from envoi.web.look import moment

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LEAVES: list[dict[str, Any]] = [
    {"field": "tag", "is": "has", "value": "vip"},
    {"field": "tag", "is": "has_not", "value": ["a", "b"]},
    {"field": "orders.average", "is": "between", "value": [50, 200.5]},
    {"field": "contact.created_days", "is": "before", "value": "2026-03-01"},
    {"field": "attribute:born", "is": "between_dates", "value": ["1980-01-01", "1990-12-31"]},
    {"field": "attribute:born", "is": "anniversary_week"},
    {"field": "campaign.bought", "is": "did", "value": {"campaign": None, "days": 3}},
    {"field": "campaign.read", "is": "did_not", "value": {"campaign": 7, "days": None}},
    {"field": "product", "is": "did", "value": {"product": "Tea", "days": None}},
    {"field": "random", "is": "is", "value": {"percent": 12.5, "salt": "autumn"}},
    {"field": "owner", "is": "is", "value": [3, 4]},
    {"field": "blocked", "is": "no"},
]
RULES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture(autouse=True)
def born() -> None:
    Attribute.objects.create(key="born", label="Born", kind="date")


def as_sent(form: RuleForm, **more: str) -> QueryDict:
    """What the page of this form would send."""
    data = QueryDict(mutable=True)
    data["shape"] = form.shape

    def send(one: Bunch | Row) -> None:
        if isinstance(one, Bunch):
            data.appendlist("node", f"open:{one.id}")
            data[f"join.{one.id}"] = one.join
            for part in one.parts:
                send(part)
            data.appendlist("node", "close")
            return
        data.appendlist("node", f"leaf:{one.id}")
        data[f"was.{one.id}"] = one.about.name
        data[f"field.{one.id}"], data[f"is.{one.id}"] = one.about.name, one.operator
        data.setlist(f"value.{one.id}", list(one.values))
        data[f"upper.{one.id}"], data[f"days.{one.id}"] = one.upper, one.days

    send(form.top)
    for key, value in more.items():
        data[key] = value
    return data


def asked(client: Client, form: RuleForm, who: str) -> str:
    """The page's answer to why somebody is in."""
    sent = as_sent(form, who=who).urlencode()
    kind = "application/x-www-form-urlencoded"
    return client.post("/segments/new/why", sent, content_type=kind, headers=HTMX).content.decode()


def plain(rule: dict[str, Any]) -> Any:
    """A rule without what the page may write otherwise and mean the same: lone parts, doubled denials."""
    if "not" in rule:
        inside = plain(rule["not"])
        return inside.get("not", {"not": inside})
    for join in ("all", "any"):
        if join in rule:
            parts = [plain(part) for part in rule[join]]
            return parts[0] if len(parts) == 1 else {join: parts}
    return rule


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule=RULES)
def test_any_rule_comes_back_from_the_page_as_it_was(rule: dict[str, Any]) -> None:
    known = Known()
    form = RuleForm.of("x", rule, known)
    assert plain(form.rule()) == plain(rule)
    again = RuleForm.sent(as_sent(form), known)
    assert (again.rule(), again.shape) == (form.rule(), form.shape)


def test_groups_are_added_within_groups_and_taken_out() -> None:
    known = Known()
    form = RuleForm.empty(known)
    inner = RuleForm.sent(as_sent(form, do="group:n1"), known)
    assert [part.is_group for part in inner.top.parts] == [False, True]
    group = inner.top.parts[1]
    assert isinstance(group, Bunch)
    more = RuleForm.sent(as_sent(inner, do=f"add:{group.id}"), known)
    assert len(list(more.top.walk())) == 5
    less = RuleForm.sent(as_sent(more, do=f"remove:{group.id}"), known)
    assert less.top.parts == form.top.parts
    assert RuleForm.sent(as_sent(less, do="remove:n99"), known).shape == less.shape


@pytest.mark.parametrize(
    "nodes",
    [[], ["close"], ["leaf:n1"], ["open:n1"] * 50, ["open:", "leaf:", "close", "close"], ["x"], ["leaf:n1"] * 5000],
)
def test_whatever_a_page_sends_is_a_tree(nodes: list[str]) -> None:
    data = QueryDict(mutable=True)
    data.setlist("node", nodes)
    data["do"] = "group:n1"
    assert RuleForm.sent(data, Known()).rule()


def test_a_condition_about_something_no_longer_noted_stays_in_view_until_it_is_changed(signed_in: Client) -> None:
    rule = {"all": [{"field": "attribute:born", "is": "anniversary_week"}]}
    segment = actions.save_segment(name="Birthday", rule=rule, by=None)
    Attribute.objects.all().delete()
    html = signed_in.get(f"/segments/{segment.pk}/").content.decode()
    assert "There is no field “born” (any more)." in html
    assert "There is no field “born” (any more)." in signed_in.get("/segments/").content.decode()


def test_why_somebody_is_in_or_out_is_said_condition_by_condition(signed_in: Client) -> None:
    ana = Contact.objects.create(phone="+33639980001", name="Ana", language="fr", marketing="granted")
    form = RuleForm.of(
        "x",
        {
            "all": [
                {"field": "language", "is": "is", "value": "fr"},
                {"not": {"any": [{"field": "marketing", "is": "is", "value": "granted"}]}},
            ]
        },
        Known(),
    )
    found = queries.why(form.rule(), ana.pk)
    assert (found.holds, [part.holds for part in found.parts]) == (False, [True, False])
    for who in ("06 39 98 00 01", "+33639980001", "ana", f"#{ana.pk}"):
        html = asked(signed_in, form, who)
        assert "is not in" in html
        assert "Marketing consent is not “Granted”" in html
    assert "Nobody has" in asked(signed_in, form, "zoe")


def test_the_list_counts_row_by_row_and_remembers(signed_in: Client) -> None:
    Contact.objects.create(phone="+33639980001")
    segment = actions.save_segment(name="All", rule={"all": []}, by=None)
    assert "…" in signed_in.get("/segments/").content.decode()
    assert ">1<span" in signed_in.get(f"/segments/{segment.pk}/count", headers=HTMX).content.decode()
    segment.refresh_from_db()
    assert segment.counted == 1
    # The segment's own page counts as well: the list says the same, and of when that is.
    Contact.objects.create(phone="+33639980002")
    signed_in.get(f"/segments/{segment.pk}/")
    segment.refresh_from_db()
    assert segment.counted == 2
    assert f'>2<span class="under">{moment(segment.counted_at)}' in signed_in.get("/segments/").content.decode()


def test_of_several_with_one_name_each_can_be_asked_for(signed_in: Client) -> None:
    older, newer = (Contact.objects.create(phone=f"+3363998000{n}", name="Ana Silva", language="fr") for n in (1, 2))
    form = RuleForm.of("x", {"field": "language", "is": "is", "value": "fr"}, Known())
    html = asked(signed_in, form, "ana silva")
    assert newer.phone in html.partition("Others whom you may mean")[0]
    assert older.phone in html.partition("Others whom you may mean")[2]
    assert "Others" not in asked(signed_in, form, f"#{older.pk}")


def test_the_people_of_a_segment_come_out_as_a_file_that_comes_in_again(signed_in: Client) -> None:
    for number in range(3):
        Contact.objects.create(
            phone=f"+3363998000{number}", name=f"Ana {number}", language="fr", attributes={"city": "Ath"}
        )
    Contact.objects.create(phone="+33639980009", name="Li", language="zh")
    segment = actions.save_segment(name="Les Français", rule={"field": "language", "is": "is", "value": "fr"}, by=None)
    answer = signed_in.get(f"/segments/{segment.pk}/export")
    assert "les-francais-" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[2] for row in rows] == ["name", "Ana 0", "Ana 1", "Ana 2"]
    assert rows[0][-1] == "city"
    assert rows[1][-1] == "Ath"
    assert AuditEntry.objects.get(verb="contacts.export").detail == {"segment": "Les Français"}
    content = b"".join(signed_in.get(f"/segments/{segment.pk}/export?as=xlsx").streaming_content)
    assert content[:2] == b"PK"


def test_who_may_not_take_people_away_gets_no_file_of_them(client: Client) -> None:
    agent = Staff.objects.create(email="agent@example.com", role="agent")
    segment = actions.save_segment(name="All", rule={"all": []}, by=None)
    client.force_login(agent)
    assert client.get(f"/segments/{segment.pk}/export").status_code == 403


def test_lists_tags_and_ready_made_segments_have_their_pages(signed_in: Client) -> None:
    Contact.objects.create(phone="+33639980001", name="Ana")
    actions.save_segment(name="All", rule={"all": []}, by=None)
    assert signed_in.post("/segments/new-list/", {"name": "Guests"}).status_code == 302
    guests = Segment.objects.get(name="Guests")
    everybody = Segment.objects.get(name="All")
    answer = signed_in.post(f"/segments/{guests.pk}/people/add", {"from": everybody.pk}, follow=True)
    assert "1 person added." in answer.content.decode()
    answer = signed_in.post(f"/segments/{guests.pk}/people/add", {"pasted": "nobody"}, follow=True)
    assert "Nobody has: nobody" in answer.content.decode()
    chosen = {"contact": [Contact.objects.get().pk]}
    assert "taken off" in signed_in.post(f"/segments/{guests.pk}/people/remove", chosen, follow=True).content.decode()
    assert signed_in.post(f"/segments/{everybody.pk}/tag", {"tag": "here"}).status_code == 302
    page = signed_in.get(f"/segments/{everybody.pk}/").content.decode()
    assert "here" in page
    assert signed_in.post(f"/segments/{everybody.pk}/delete").status_code == 409
    one = AutoTag.objects.get()
    assert signed_in.post(f"/segments/{everybody.pk}/tag/{one.pk}/stop").status_code == 302
    assert signed_in.post(f"/segments/{everybody.pk}/delete").status_code == 302
    taken = {"key": ["monthly", "rfm_lost"], "tags": "on"}
    assert "2 segments added." in signed_in.post("/segments/ready/", taken, follow=True).content.decode()
    assert {one.tag.name for one in AutoTag.objects.select_related("tag")} == {"Monthly buyers", "Lost"}


def test_an_analyst_reads_and_changes_nothing(client: Client) -> None:
    analyst = Staff.objects.create(email="a@example.com", role="analyst")
    client.force_login(analyst)
    segment = actions.save_segment(name="All", rule={"all": []}, by=None)
    assert client.get(f"/segments/{segment.pk}/").status_code == 200
    assert client.post(f"/segments/{segment.pk}/delete").status_code == 403
    assert client.post(f"/segments/{segment.pk}/tag", {"tag": "x"}).status_code == 403
    assert client.post("/segments/ready/", {"key": "monthly"}).status_code == 403


def test_an_automatic_answer_that_asks_for_a_segment_uses_it(signed_in: Client) -> None:
    segment = actions.save_segment(name="Best", rule={"all": []}, by=None)
    rule = replies.save_rule(
        name="Welcome the best",
        trigger={"on": "keyword", "words": ["hello"], "how": "word"},
        conditions={"segment": segment.pk},
        actions=[{"do": "text", "texts": [{"language": "", "text": "Hello again"}]}],
        by=None,
    )
    assert [(use.kind, use.name, use.address) for use in queries.uses_of(segment)] == [
        ("reply_rules", "Welcome the best", f"/replies/{rule.pk}/")
    ]
    assert queries.uses_of_all() == {segment.pk: 1}
    assert "Automatic reply" in signed_in.get(f"/segments/{segment.pk}/").content.decode()
    answer = signed_in.post(f"/segments/{segment.pk}/delete")
    assert answer.status_code == 409
    assert "“Welcome the best”" in answer.content.decode()
    replies.delete_rule(rule.pk, by=None)
    assert signed_in.post(f"/segments/{segment.pk}/delete").status_code == 302
