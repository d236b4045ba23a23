"""Who may change whom: nobody gives what they lack, and a company never loses its last owner."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from envoi.core.errors import BadInput, NotAllowed, Problem
from envoi.staffing import leaving
from envoi.team import actions, people, rights, teams
from envoi.team.models import Staff, StaffRight, TeamMember

Hire = Callable[..., Staff]


def change(staff: Staff, *, by: Staff | None, **more: object) -> Staff:
    given: dict[str, object] = {"name": staff.name, "role": staff.role, "capacity": staff.capacity}
    return people.change(staff.pk, **{**given, **more}, by=by)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_only_an_owner_makes_an_owner_or_changes_one(hire: Hire, owner: Staff) -> None:
    administrator, agent = hire("administrator"), hire("agent")
    with pytest.raises(NotAllowed, match="Only an owner may make"):
        change(agent, role="owner", by=administrator)
    with pytest.raises(NotAllowed, match="Only an owner may change an owner"):
        change(owner, name="Nobody", by=administrator)
    with pytest.raises(NotAllowed, match="Only an owner may change an owner"):
        leaving.leave(owner.pk, by=administrator)
    assert change(agent, role="owner", by=owner).role == "owner"


@pytest.mark.django_db
def test_the_last_owner_can_neither_step_down_nor_leave(hire: Hire, owner: Staff) -> None:
    with pytest.raises(NotAllowed, match="your own role"):
        change(owner, role="agent", by=owner)
    # Not even the operator, who may do everything else.
    with pytest.raises(NotAllowed, match="last owner"):
        change(owner, role="agent", by=None)
    with pytest.raises(NotAllowed, match="last owner"):
        leaving.leave(owner.pk, by=None)
    second = hire("owner", "Second")
    assert change(second, role="agent", by=owner).role == "agent"


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_the_same_moment_one_stays(hire: Hire, owner: Staff, no_jobs: None) -> None:
    second = hire("owner", "Second")
    start, refused = threading.Barrier(2), []

    def go(staff: Staff) -> None:
        try:
            start.wait(10)
            leaving.leave(staff.pk, by=None)
        except Problem as problem:
            refused.append(problem.sentence)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=[one]) for one in (owner, second)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(refused) == 1
    assert Staff.objects.filter(role="owner", is_active=True).count() == 1


@pytest.mark.django_db
def test_nobody_gives_or_takes_a_right_that_they_lack(hire: Hire, owner: Staff) -> None:
    lead, agent = hire("agent", "Lead"), hire("agent")
    people.set_rights(lead.pk, {"team.write": True}, by=owner)
    lead = Staff.objects.get(pk=lead.pk)
    with pytest.raises(NotAllowed, match="do not have"):
        people.set_rights(agent.pk, {"channels.write": True}, by=lead)
    with pytest.raises(NotAllowed, match="more than you may"):
        change(agent, role="marketer", by=lead)
    # What they have themselves they may give and take.
    people.set_rights(agent.pk, {"messages.write": False}, by=lead)
    agent = Staff.objects.get(pk=agent.pk)
    assert not rights.may(agent, "messages.write")
    assert rights.roles_given_by(lead) == ["agent"]
    # And nobody who may more than they is theirs to change.
    with pytest.raises(NotAllowed, match="do more than you"):
        change(hire("marketer"), name="X", by=lead)


@pytest.mark.django_db
def test_a_right_like_the_roles_own_leaves_no_row(hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    people.set_rights(agent.pk, {"audit.read": True, "inbox.read": True, "channels.write": False}, by=owner)
    assert list(StaffRight.objects.values_list("right", "granted")) == [("audit.read", True)]
    people.set_rights(agent.pk, {"audit.read": False}, by=owner)
    assert not StaffRight.objects.exists()


@pytest.mark.django_db
def test_nobody_changes_their_own_rights_and_an_owner_has_all(hire: Hire, owner: Staff) -> None:
    administrator = hire("administrator")
    with pytest.raises(NotAllowed, match="your own rights"):
        people.set_rights(administrator.pk, {"team.write": False}, by=administrator)
    with pytest.raises(BadInput, match="every right"):
        people.set_rights(owner.pk, {"team.write": False}, by=None)
    # Even a row written by hand takes nothing from an owner.
    StaffRight.objects.create(staff=owner, right="team.write", granted=False)
    assert rights.may(Staff.objects.get(pk=owner.pk), "team.write")


@pytest.mark.django_db
def test_without_access_there_are_no_rights(hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    people.set_rights(agent.pk, {"audit.read": True}, by=owner)
    leaving.leave(agent.pk, by=owner)
    assert rights.rights_of(Staff.objects.get(pk=agent.pk)) == frozenset()
    leaving.come_back(agent.pk, by=owner)
    assert rights.may(Staff.objects.get(pk=agent.pk), "audit.read")


@pytest.mark.django_db
def test_who_leads_a_team_is_in_it(hire: Hire, owner: Staff) -> None:
    agent, team = hire("agent"), teams.make("Sales", by=owner)
    teams.change(team.pk, name="Sales", members=[], leads=[agent.pk], by=owner)
    assert [(one.staff_id, one.leads) for one in TeamMember.objects.all()] == [(agent.pk, True)]
    with pytest.raises(BadInput, match="already"):
        teams.make("sales", by=owner)
    change(agent, teams=[], skills=["Returns ", "returns", ""], speaks=["FR"], by=owner)
    agent = Staff.objects.get(pk=agent.pk)
    assert (agent.skills, agent.speaks) == (["returns"], ["fr"])
    assert not TeamMember.objects.exists()


@pytest.mark.django_db
def test_asking_for_rights_costs_one_statement_a_request(
    hire: Hire, owner: Staff, django_assert_num_queries: Callable[..., object]
) -> None:
    agent = Staff.objects.get(pk=hire("agent").pk)
    with django_assert_num_queries(1, connection=connection):  # type: ignore[attr-defined]
        assert [rights.may(agent, right) for right in rights.WORDS].count(True) == len(rights.SERVE)


def test_a_name_holds_no_sign_that_turns_the_words_around_it(owner: Staff):
    person = actions.add_staff(
        email="aya@example.com", role="agent", password="correct horse battery", name="Aya\u202e\n O\u200dK", by=owner
    )
    assert person.name == "Aya O\u200dK"
