"""The pages of the service: what is typed is kept and shown again, nonsense is refused in a sentence, rights hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.contacts.models import Tag
from envoi.inbox.clock import Level
from envoi.inbox.models import AlarmRule, AssignmentRule, ServiceTarget, SkillRule
from envoi.team import opening
from envoi.team.models import OpeningException, OpeningHours, Staff, Team

pytestmark = pytest.mark.django_db

OFFICE = "9:00-12:30, 13:30-18:00"
HOURS = {f"day{day}": OFFICE for day in range(5)} | {"zone": "Europe/Paris", "country": "FR", "subdivision": "6AE"}
PAGES = ("hours", "targets", "alarms", "assignment")


@pytest.fixture
def client(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Returns")


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(f"/service/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def test_every_page_opens_with_nothing_set_and_for_a_team(client: Client, team: Team) -> None:
    assert client.get("/service/").headers["Location"] == "/service/hours/"
    for page in PAGES:
        assert "Returns" in body(client, f"{page}/")
        body(client, f"{page}/?team={team.pk}")
        body(client, f"{page}/?team=999", 404)
        body(client, f"{page}/?team=x", 404)


def test_a_week_is_kept_as_typed_and_the_year_ahead_shows_its_holidays(client: Client) -> None:
    assert "Always open" in body(client, "hours/")
    assert client.post("/service/hours/", HOURS).status_code == 302
    kept = OpeningHours.objects.get()
    assert kept.week == ["09:00-12:30, 13:30-18:00"] * 5 + ["", ""]
    page = body(client, "hours/")
    assert 'value="09:00-12:30, 13:30-18:00"' in page
    assert "National Day" in page
    # Alsace has a holiday that the rest of the country has not.
    assert "Good Friday" in page
    assert '<option value="6AE" selected>Alsace</option>' in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"day0": "mornings"}, "“mornings” is no time of opening"),
        ({"day0": "9:00-12:00, 11:00-13:00"}, "overlap"),
        ({"zone": "Paris"}, "is not a time zone"),
        ({"country": "XX"}, "not one of the available choices"),
        ({"subdivision": "Bavaria"}, "not one of the available choices"),
    ],
)
def test_hours_that_make_no_sense_stay_in_the_form(client: Client, change: dict, words: str) -> None:
    answer = client.post("/service/hours/", HOURS | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not OpeningHours.objects.exists()


def test_a_holiday_on_which_one_works_is_said_with_one_press_and_taken_back(client: Client) -> None:
    client.post("/service/hours/", HOURS)
    page = body(client, "hours/")
    day = next(
        one.day for one in opening.special_days(None, by=None) if one.holiday and one.usual and not one.spans
    ).isoformat()
    assert f'value="{day}"' in page
    client.post("/service/hours/days/", {"day": day, "usual": "yes"})
    [row] = OpeningException.objects.all()
    assert (row.day.isoformat(), row.usual) == (day, True)
    assert "Take back" in body(client, "hours/")
    client.post(f"/service/hours/days/{row.pk}/end/")
    assert not OpeningException.objects.exists()


def test_a_day_of_ones_own_has_its_hours_and_its_reason(client: Client, team: Team) -> None:
    day = (timezone.localdate() + timedelta(days=40)).isoformat()
    client.post("/service/hours/days/", {"day": day, "words": "10:00-12:00", "name": "Stock-taking"})
    page = body(client, "hours/")
    assert "Stock-taking" in page
    assert "10:00-12:00" in page
    assert "of the whole company" in body(client, f"hours/?team={team.pk}")
    answer = client.post("/service/hours/days/", {"day": "tomorrow"})
    assert answer.status_code == 422
    assert "Write a day as 2026-04-30." in answer.content.decode()


def test_a_team_gets_hours_of_its_own_and_gives_them_up(client: Client, team: Team) -> None:
    client.post("/service/hours/", HOURS)
    assert "keeps the company’s hours" in body(client, f"hours/?team={team.pk}")
    client.post(f"/service/hours/?team={team.pk}", {"day6": "10:00-16:00", "zone": "Asia/Shanghai"})
    assert opening.hours_of(team.pk).zone == "Asia/Shanghai"
    assert opening.hours_of(None).zone == "Europe/Paris"
    client.post(f"/service/hours/end/?team={team.pk}")
    assert opening.hours_of(team.pk).zone == "Europe/Paris"


def test_the_parts_of_a_country_come_when_it_is_chosen(client: Client) -> None:
    page = client.get("/service/hours/parts/?country=DE").content.decode()
    assert "Bayern" in page or "Bavaria" in page
    assert client.get("/service/hours/parts/?country=<b>").status_code == 200


def test_targets_are_kept_in_minutes_and_shown_for_what_they_hold(client: Client, team: Team) -> None:
    assert 'value="5"' in body(client, "targets/")
    asked = {"first": "3", "next": "10", "breach": "20", "red": "60", "closing": "90", "in_hours": "no"}
    assert client.post("/service/targets/", asked).status_code == 302
    client.post(f"/service/targets/?team={team.pk}", {"first": "1", "priority": "2"})
    company, own = ServiceTarget.objects.order_by("id")
    assert (company.first_seconds, company.red_seconds, company.in_hours) == (180, 3600, False)
    assert (own.team_id, own.priority, own.first_seconds, own.red_seconds) == (team.pk, 2, 60, None)
    assert 'name="first" value="1"' in body(client, f"targets/?team={team.pk}&priority=2")
    client.post(f"/service/targets/{own.pk}/end/")
    assert ServiceTarget.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"first": "40", "breach": "30"}, "each later than the one before"),
        ({"red": "10"}, "each later than the one before"),
        ({"first": "0"}, "greater than or equal to 1"),
        ({"first": "soon"}, "whole number"),
        ({"closing": "1440"}, "less than 24 hours before"),
        ({"priority": "9"}, "not one of the available choices"),
    ],
)
def test_targets_that_make_no_sense_are_refused_in_a_sentence(client: Client, asked: dict, words: str) -> None:
    answer = client.post("/service/targets/", asked)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ServiceTarget.objects.exists()


def test_what_an_alarm_does_is_kept_for_each_and_for_each_team(client: Client, team: Team) -> None:
    asked = {"level": "3", "a3-tell_leads": "on", "a3-hand_over": "team", "a3-to_team_id": team.pk, "a3-raise_to": "2"}
    assert client.post("/service/alarms/", asked).status_code == 302
    rule = AlarmRule.objects.get()
    assert (rule.level, rule.tell_leads, rule.tell_assignee, rule.to_team) == (Level.RED, True, False, team)
    client.post(f"/service/alarms/?team={team.pk}", {"level": "1", "a1-hand_over": "no"})
    assert AlarmRule.objects.filter(team=team, level=1).exists()
    client.post(f"/service/alarms/end/?team={team.pk}")
    assert AlarmRule.objects.get() == rule


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"a3-hand_over": "team"}, "Choose the team that gets it."),
        ({"a3-hand_over": "somebody"}, "not one of the available choices"),
        ({"a3-hand_over": "no", "a3-phones": "+33639981234"}, "choose a number and an approved template"),
        ({"a3-hand_over": "no", "a3-phones": "my own"}, "my own"),
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused_in_a_sentence(client: Client, asked: dict, words: str) -> None:
    answer = client.post("/service/alarms/", {"level": "3"} | asked)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not AlarmRule.objects.exists()


def test_a_way_to_share_conversations_is_chosen(client: Client, team: Team) -> None:
    assert client.post("/service/assignment/", {"share": "least", "skills": "on"}).status_code == 302
    rule = AssignmentRule.objects.get()
    assert (rule.share, rule.skills, rule.language) == ("least", True, False)
    client.post(f"/service/assignment/?team={team.pk}", {"share": "in_turn"})
    client.post(f"/service/assignment/end/?team={team.pk}")
    assert AssignmentRule.objects.get() == rule
    assert client.post("/service/assignment/", {"share": "by height"}).status_code == 422


def test_a_tag_asks_for_a_skill_until_it_is_taken_away(client: Client) -> None:
    Tag.objects.create(name="VIP")
    assert client.post("/service/assignment/skills/", {"tag": "VIP", "skill": " Key   accounts "}).status_code == 302
    rule = SkillRule.objects.get()
    assert rule.skill == "Key accounts"
    assert "Key accounts" in body(client, "assignment/")
    answer = client.post("/service/assignment/skills/", {"tag": "<i>", "skill": "x"})
    assert answer.status_code == 422
    assert "There is no tag “&lt;i&gt;”." in answer.content.decode()
    client.post(f"/service/assignment/skills/{rule.pk}/end/")
    assert not SkillRule.objects.exists()


POSTS = (
    "hours/", "hours/end/", "hours/days/", "hours/days/1/end/", "targets/", "targets/1/end/", "alarms/", "alarms/end/",
    "assignment/", "assignment/end/", "assignment/skills/", "assignment/skills/1/end/",
)  # fmt: skip


@pytest.mark.parametrize("role", ["agent", "marketer", "analyst"])
def test_who_may_not_set_the_service_sees_and_changes_nothing(client: Client, owner: Staff, role: str) -> None:
    owner.role = role
    owner.save()
    for page in PAGES:
        body(client, f"{page}/", 403)
    asked = HOURS | {"share": "least", "first": "3", "day": "2027-01-01", "tag": "a", "skill": "b", "level": "1"}
    for path in POSTS:
        assert client.post(f"/service/{path}", asked).status_code == 403, path
    assert not OpeningHours.objects.exists()
