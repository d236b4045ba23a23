"""Who changed what: written by the database whatever changes a row, and said in words without a secret."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from envoi.campaigns.models import Campaign
from envoi.channels import actions as channels
from envoi.channels.models import Account, Channel
from envoi.core.errors import NotAllowed
from envoi.core.vault import seal
from envoi.inbox import service
from envoi.message_templates.models import Template
from envoi.replies import actions as replies
from envoi.segments.models import Segment
from envoi.team import audit, audit_words, keys, opening, people, teams
from envoi.team.actions import note
from envoi.team.audit import Asked
from envoi.team.changes import acting
from envoi.team.models import AuditEntry, Change, Staff

pytestmark = pytest.mark.django_db(transaction=True)
SOURCE = Path(audit.__file__).parent.parent
Hire = Callable[..., Staff]


def words_of(deeds: list[audit.Deed]) -> str:
    names = audit.names_of(deeds)
    lines = []
    for deed in deeds:
        lines.append(audit_words.who(deed))
        lines += [
            audit_words.verb_words(one.verb) + ": " + audit_words.detail_words(one.detail, one.subject)
            for one in deed.verbs
        ]
        for change in deed.changes:
            row = audit_words.said(change, names)
            lines.append(f"{row.noun} {row.name} {row.what}")
            lines += [f"{one.field}: {one.was} -> {one.became}" for one in row.differences]
    return "\n".join(lines)


def test_a_change_on_a_page_is_one_deed_with_its_verb_and_each_field(client: Client, hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    client.force_login(owner)
    given = {"name": "Amélie", "role": "marketer", "capacity": "7", "skills": "returns"}
    assert client.post(f"/team/people/{agent.pk}/", given).status_code == 302
    newest = audit.deeds(owner, Asked(), limit=1).items
    text = words_of(newest)
    assert text.startswith("Owner\nChanged somebody on the team")
    assert "Staff Amélie changed" in text
    assert "open conversations at most: 20 -> 7" in text
    assert "role: Service agent -> Marketer" in text
    assert (newest[0].way, len(newest[0].request)) == ("page", 36)


def test_through_a_key_the_key_and_its_maker_are_named(live_server: Any, owner: Staff, channel: Channel) -> None:
    key, secret = keys.make(name="Shop", scopes=["channels:write"], by=owner)
    answer = httpx.patch(
        f"{live_server.url}/api/v1/channels/{channel.pk}",
        json={"state": "paused"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.text
    change = Change.objects.filter(place="channels", what="update").latest("pk")
    assert (change.staff_id, change.key_id, change.way) == (owner.pk, key.pk, "api")
    assert (change.was["state"], change.became["state"]) == ("active", "paused")


def test_values_are_said_in_words_and_what_is_kept_as_json_is_never_nothing(
    client: Client, owner: Staff, account: Account, channel: Channel
) -> None:
    template = Template.objects.create(
        account=account, name="autumn", language="fr", category="marketing", components=[]
    )
    segment = Segment.objects.create(name="All", rule={"field": "language", "is": "is", "value": "fr"})
    with acting(staff=owner.pk):
        made = Campaign.objects.create(
            name="Autumn", segment=segment, channel=channel, template=template, variables={"code": {"text": "AUTUMN"}}
        )
        made.state, made.canary_state, made.variables = "running", "watching", {}
        made.launched_at = datetime(2026, 3, 1, 23, 30, 5, 120_000, tzinfo=UTC)
        made.save()
        channel.state = "paused"
        channel.save()
    note(owner, "channel.changed", f"channel/{channel.pk}", {"state": "suspended", "from": {"quality": "red", "n": 3}})
    note(owner, "channel.changed", f"channel/{channel.pk}", {"until": "2026-03-01T23:30:05.5+00:00", "limits": {}})
    with timezone.override("Asia/Tokyo"):
        text = words_of(audit.deeds(owner, Asked(), limit=20).items)
    assert "rule: None -> is: is, field: language, value: fr" in text
    assert 'variables: None -> {"code": {"text": "AUTUMN"}}' in text
    assert 'variables: {"code": {"text": "AUTUMN"}} -> nothing' in text
    assert "state: Draft -> Running" in text
    assert "trial: nothing -> Trial is watched" in text
    assert "launched: nothing -> 2 Mar 2026 08:30:05" in text
    assert "state: Active -> Paused" in text
    assert "category: None -> Marketing" in text
    assert "language: None -> French" in text
    assert "from: n: 3, quality: red, state: Suspended" in text
    assert "until: 2 Mar 2026 08:30:05, limits: nothing" in text
    client.force_login(owner)
    client.cookies["envoi_zone"] = "Asia/Tokyo"
    page = client.get("/team/audit/").content.decode()
    assert "2 Mar 2026 08:30:05" in page
    assert "is: is, field: language, value: fr" in page


def test_what_is_changed_by_hand_in_the_database_is_written_too(raw_db: psycopg.Connection, owner: Staff) -> None:
    raw_db.execute("UPDATE staff SET role = 'agent' WHERE id = %s", [owner.pk])
    change = Change.objects.latest("pk")
    assert (change.was, change.became, change.staff_id) == ({"role": "owner"}, {"role": "agent"}, None)


def test_no_secret_is_ever_in_it(hire: Hire, owner: Staff, account: Account, client: Client) -> None:
    before = [bytes(account.credentials).decode(), account.hook_key, owner.password]
    _key, secret = keys.make(name="Shop", scopes=["read"], by=owner)
    Account.objects.filter(pk=account.pk).update(credentials=seal({"token": "another token"}))
    people.new_password(owner.pk, "another long sentence", by=None)
    owner.refresh_from_db()
    account.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(was::text || became::text, ' ') || string_agg(c::text, ' ') FROM changes c")
        everything = str(cursor.fetchone())
    after = [bytes(account.credentials).decode(), owner.password, secret, secret[12:]]
    for one in before + after:
        assert one not in everything
        # As bytea is written as well.
        assert one.encode().hex() not in everything
    client.force_login(owner)
    page = client.get("/team/audit/").content.decode()
    assert "password" in page
    assert "(secret)" in page
    assert owner.password not in page


def test_counting_and_being_seen_is_no_change(owner: Staff, channel: Channel) -> None:
    Change.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE staff SET seen_at = now(), last_login = now()")
        cursor.execute("UPDATE channels SET said = 'x', said_at = now()")
        cursor.execute("UPDATE staff SET name = name")
    assert not Change.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels SET said = 'y', name = 'Second'")
    assert [(one.was, one.became) for one in Change.objects.all()] == [({"name": "Main number"}, {"name": "Second"})]


def test_what_is_undone_leaves_no_trace(owner: Staff) -> None:
    Change.objects.all().delete()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        teams.make("Sales", by=owner)
        raise ZeroDivisionError
    assert not Change.objects.exists()
    assert not AuditEntry.objects.filter(verb="team.make").exists()


def test_it_is_found_by_person_verb_subject_name_and_day(hire: Hire, owner: Staff) -> None:
    administrator = hire("administrator")
    with acting(staff=owner.pk):
        sales = teams.make("Sales", by=owner)
    with acting(staff=administrator.pk):
        teams.change(sales.pk, name="Returns", members=[], leads=[], by=administrator)

    def found(**asked: Any) -> list[str]:
        return [one.verb for deed in audit.deeds(owner, Asked(**asked)).items for one in deed.verbs]

    assert found(person=str(owner.pk)) == ["team.make"]
    assert found(person=str(administrator.pk)) == ["team.change"]
    assert "staff.add" in found(person="none")
    assert found(verb="team.make") == ["team.make"]
    assert found(subject=f"team/{sales.pk}") == ["team.change", "team.make"]
    assert found(subject="team") == ["team.change", "team.make"]
    assert found(subject="returns") == ["team.change", "team.make"]
    assert found(subject="%") == []
    today = AuditEntry.objects.latest("pk").at.date()
    assert "team.make" in found(since=today, until=today)
    assert found(until=today.replace(year=today.year - 1)) == []


def test_every_deed_is_on_one_page_and_no_page_twice(owner: Staff) -> None:
    for n in range(25):
        with acting(staff=owner.pk):
            teams.make(f"Team {n}", by=owner)
    seen, after = [], None
    while True:
        page = audit.deeds(owner, Asked(), after=after, limit=4)
        seen += [(deed.at, deed.number) for deed in page.items]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == len(list(audit.all_deeds(owner, Asked())))
    assert seen == sorted(seen, reverse=True)
    # A cursor that nobody made begins anew.
    assert audit.deeds(owner, Asked(), after="x.y", limit=4).items[0].number == seen[0][1]


def test_the_file_has_every_field_and_no_cell_runs(client: Client, owner: Staff) -> None:
    client.force_login(owner)
    client.post("/team/teams/", {"name": "=1+1"})
    answer = client.get("/team/audit/export")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert rows[0][:4] == ["Time (UTC)", "Who", "API key", "What"]
    assert ["Team made", "name", "'=1+1"] in [[row[3], row[5], row[7]] for row in rows]


def test_whoever_lacks_the_right_reads_nothing(hire: Hire) -> None:
    agent = hire("agent")
    for read in (audit.deeds, lambda by, asked: next(audit.all_deeds(by, asked))):
        with pytest.raises(NotAllowed):
            read(agent, Asked())


@pytest.mark.parametrize(
    "query", ["since=x", "until=9999-12-31", "after=1.1.1", "after=9e99.1", "person=x", "subject=%25/%25", "subject=/"]
)
def test_whatever_the_address_asks_is_a_page(client: Client, owner: Staff, query: str) -> None:
    client.force_login(owner)
    assert client.get(f"/team/audit/?{query}").status_code == 200


def test_names_are_shown_as_text(client: Client, owner: Staff) -> None:
    client.force_login(owner)
    client.post("/team/teams/", {"name": "<script>alert(1)</script>"})
    page = client.get("/team/audit/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_disconnected_account_is_told_with_its_reason(owner: Staff, account: Account) -> None:
    with acting(staff=owner.pk):
        channels.disconnect(account.pk, by=owner)
    deed = audit.deeds(owner, Asked(), limit=1).items[0]
    assert "state: Active -> Disconnected" in words_of([deed])


RULE = {
    "name": "Hours",
    "trigger": {"on": "keyword", "words": ["hours"]},
    "actions": [{"do": "text", "texts": [{"language": "", "text": "From 9 to 18"}]}],
}


def test_a_changed_rule_and_changed_hours_are_shown_with_who_and_what(client: Client, hire: Hire, owner: Staff) -> None:
    team = teams.make("Returns", by=owner)
    rule = replies.save_rule(**RULE, by=owner)
    marketer = hire("marketer")
    client.force_login(marketer)
    assert client.post(f"/replies/{rule.pk}/switch", {"to": "off"}).status_code == 302
    assert words_of(audit.deeds(owner, Asked(), limit=1).items) == (
        f"{marketer}\nSwitched an automatic reply on or off: switched on: no\n"
        "Automatic reply Hours changed\nswitched on: yes -> no"
    )
    with acting(staff=owner.pk):
        opening.set_hours(team.pk, zone="Europe/Paris", week=["9:00-18:00"] * 5 + ["", ""], by=owner)
    text = words_of(audit.deeds(owner, Asked(), limit=1).items)
    assert text.startswith("Owner\nChanged the opening hours")
    assert "Opening hours Returns made" in text
    assert "9:00-18:00, closed, closed" in text
    client.force_login(owner)
    page = client.get("/team/audit/").content.decode()
    assert "Switched an automatic reply on or off" in page
    assert "Opening hours" in page


def test_what_is_set_for_the_company_and_for_a_team_is_told_apart(owner: Staff) -> None:
    team = teams.make("Returns", by=owner)
    with acting(staff=owner.pk):
        service.set_assignment(None, values={"share": "least"}, by=owner)
        service.set_assignment(team.pk, values={"share": "in_turn"}, by=owner)
    one, other = audit.deeds(owner, Asked(), limit=2).items
    assert "Rule of assignment Returns made" in words_of([one])
    assert "Rule of assignment The whole company made" in words_of([other])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE assignment_rules SET strict = true")
    changed = words_of(audit.deeds(owner, Asked(), limit=1).items)
    assert "Rule of assignment Returns changed" in changed
    assert "Rule of assignment The whole company changed" in changed


def test_what_rules_count_and_their_secret_stay_out_of_it(owner: Staff) -> None:
    replies.save_settings(per_hour=5, silent_minutes=60, silent_until_closed=False, suggest=False, by=owner)
    Change.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE reply_settings SET version = version + 1")
        assert not Change.objects.exists()
        cursor.execute("UPDATE reply_settings SET secret = 'open sesame'")
    assert [(one.was, one.became) for one in Change.objects.all()] == [({"secret": "•"}, {"secret": "••"})]


def noted() -> Iterator[tuple[str, str]]:
    """Every verb that the code gives to `note`, or hands on to it as `verb`, with its place."""
    states = {"account": Account.State.values, "channel": Channel.State.values}
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or len(call.args) < 3:
                continue
            if getattr(call.func, "id", "") not in ("note", "_set"):
                continue
            given = call.args[1]
            given = constants.get(given.id, given) if isinstance(given, ast.Name) else given
            for one in ast.walk(given):
                if isinstance(one, ast.JoinedStr):
                    subject = str(getattr(one.values[0], "value", "")).rstrip(".")
                    yield from ((f"{subject}.{state}", f"{path}:{call.lineno}") for state in states[subject])
                elif isinstance(one, ast.Constant) and isinstance(one.value, str) and not one.value.endswith("."):
                    yield one.value, f"{path}:{call.lineno}"


def test_every_verb_has_words_and_none_is_left_over() -> None:
    found = dict(noted())
    assert len(found) > 100
    assert {verb: place for verb, place in found.items() if verb not in audit_words.VERBS} == {}
    assert set(audit_words.VERBS) - set(found) == set(), "nothing notes these"


def test_every_table_that_is_kept_has_a_noun() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger_kept_%'")
        tables = {table for (table,) in cursor.fetchall()}
    assert len(tables) > 25
    assert tables - set(audit_words.NOUNS) == set()


def test_any_statement_can_be_written_while_somebody_acts(owner: Staff) -> None:
    with acting(staff=owner.pk), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO tags (name) VALUES (%s)", [("a",), ("b",)])
        cursor.execute("UPDATE tags SET name = '100%' WHERE name LIKE 'a%'")
        cursor.execute("UPDATE tags SET name = %(name)s WHERE name LIKE 'b%%'", {"name": "50%"})
        cursor.execute("SELECT name FROM tags WHERE name LIKE '%0%' ORDER BY name")
        assert cursor.fetchall() == [("100%",), ("50%",)]
    written = Change.objects.filter(place="tags").order_by("pk")
    assert [(one.what, one.staff_id) for one in written] == [("insert", owner.pk)] * 2 + [("update", owner.pk)] * 2
    assert [one.became["name"] for one in written] == ["a", "b", "100%", "50%"]
