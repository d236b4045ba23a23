"""Coming onto the team by a link, and choosing a new password by one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from envoi.core.errors import BadInput, NotAllowed
from envoi.staffing import leaving
from envoi.team import invitations, people, tasks, teams
from envoi.team.models import Invitation, Staff, StaffSession, TeamMember

pytestmark = pytest.mark.django_db
Hire = Callable[..., Staff]
NEW = "a sentence that is long"


def sealed(invitation: Invitation) -> str:
    return invitations.link_of(invitation).rstrip("/").rsplit("/", 1)[1]


def invite(by: Staff | None, email: str = "nina@example.com", **more: object) -> Invitation:
    return invitations.invite(email=email, role="agent", by=by, **more)  # type: ignore[arg-type]


def join(client: Client, link: str, **more: str) -> object:
    return client.post(link, {"name": "Nina", "password": NEW, "again": NEW, **more})


def test_who_accepts_is_on_the_team_in_their_teams_and_signed_in(client: Client, owner: Staff) -> None:
    team = teams.make("Sales", by=owner)
    made = invite(owner, teams=[team.pk])
    page = client.get(f"/team/join/{sealed(made)}/")
    assert page.status_code == 200
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert join(client, f"/team/join/{sealed(made)}/").status_code == 302  # type: ignore[attr-defined]
    nina = Staff.objects.get(email="nina@example.com")
    assert (nina.name, nina.role, nina.check_password(NEW)) == ("Nina", "agent", True)
    assert TeamMember.objects.get().staff == nina
    assert client.get("/").status_code == 200
    # Once.
    assert Client().get(f"/team/join/{sealed(made)}/").status_code == 410
    assert join(Client(), f"/team/join/{sealed(made)}/").status_code == 410  # type: ignore[attr-defined]
    assert Staff.objects.count() == 2


def test_a_link_dies_when_it_is_sent_anew_taken_back_or_old(client: Client, owner: Staff) -> None:
    made = invite(owner)
    first = sealed(made)
    again = invitations.resend(made.pk, by=owner)
    assert client.get(f"/team/join/{first}/").status_code == 410
    assert client.get(f"/team/join/{sealed(again)}/").status_code == 200
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/team/join/{sealed(again)}/").status_code == 410
    fresh = invitations.resend(made.pk, by=owner)
    invitations.revoke(made.pk, by=owner)
    assert client.get(f"/team/join/{sealed(fresh)}/").status_code == 410
    with pytest.raises(BadInput):
        invitations.resend(made.pk, by=owner)


@pytest.mark.parametrize(
    "words", ["x", "W10:x:y", "", "../..", "𝕏" * 50, pytest.param(TimestampSigner().sign("1"), id="another seal")]
)
def test_a_link_that_is_no_link_of_ours_says_so(client: Client, words: str) -> None:
    assert client.get(f"/team/join/{words}/").status_code in (404, 410)


def test_an_invitation_ends_with_the_right_to_invite(client: Client, hire: Hire, owner: Staff) -> None:
    administrator = hire("administrator")
    made = invite(administrator)
    people.change(administrator.pk, name="", role="analyst", capacity=1, by=owner)
    assert client.get(f"/team/join/{sealed(made)}/").status_code == 410
    second = invite(owner, "second@example.com")
    other = hire("owner", "Other")
    leaving.leave(owner.pk, by=other)
    assert client.get(f"/team/join/{sealed(second)}/").status_code == 410


def test_nobody_invites_beyond_themselves_or_twice(hire: Hire, owner: Staff) -> None:
    with pytest.raises(NotAllowed, match="Only an owner"):
        invitations.invite(email="x@example.com", role="owner", by=hire("administrator"))
    with pytest.raises(NotAllowed):
        invite(hire("agent"))
    invite(owner)
    with pytest.raises(BadInput, match="invited already"):
        invite(owner, "NINA@example.com")
    with pytest.raises(BadInput, match="already on the team"):
        invite(owner, "OWNER@example.com")


def test_a_weak_password_loses_nothing_that_was_typed(client: Client, owner: Staff) -> None:
    made = invite(owner)
    answer = client.post(f"/team/join/{sealed(made)}/", {"name": "Nina", "password": "short", "again": "short"})
    assert answer.status_code == 422
    assert b"at least 10 characters" in answer.content
    assert b'value="Nina"' in answer.content
    differ = client.post(f"/team/join/{sealed(made)}/", {"name": "Nina", "password": NEW, "again": NEW + "!"})
    assert "differ" in differ.content.decode()
    assert Staff.objects.count() == 1


def test_a_link_for_a_new_password_signs_the_person_out_and_nobody_in(client: Client, hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    theirs = Client()
    theirs.force_login(agent)
    assert theirs.get("/").status_code == 200
    made = invitations.password_link(agent.pk, by=owner)
    answer = client.post(f"/team/join/{sealed(made)}/", {"name": "x", "password": NEW, "again": NEW})
    assert answer.headers["Location"] == "/account/login/"
    agent.refresh_from_db()
    assert (agent.check_password(NEW), agent.name) == (True, "Agent")
    assert theirs.get("/").status_code == 302
    assert not StaffSession.objects.filter(staff=agent).exists()
    with pytest.raises(NotAllowed, match="Only an owner"):
        invitations.password_link(owner.pk, by=hire("administrator"))


def test_the_letter_goes_out_in_the_language_of_the_inviter(owner: Staff) -> None:
    owner.language = "fr"
    owner.save()
    made = invite(owner)
    tasks.mail_invitation(made.pk, made.turn)
    assert [one.to for one in mail.outbox] == [["nina@example.com"]]
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    assert invitations.behind(link.rstrip("/").rsplit("/", 1)[1]) == made
    # Sent anew meanwhile: the letter of before has nothing to say.
    invitations.resend(made.pk, by=owner)
    tasks.mail_invitation(made.pk, made.turn)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("server", "leaves"), [("smtp://mail.example.com", True), ("", False)])
def test_letters_go_when_a_mail_server_is_named_and_else_links_are_copied(server: str, leaves: bool) -> None:
    """In a process of its own, with the settings of an installation instead of the tests'."""
    asking = "import django; django.setup(); from envoi.team import invitations; print(invitations.mails())"
    told = subprocess.run(
        [sys.executable, "-c", asking],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "envoi.config.settings", "ENVOI_SMTP_URL": server},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(leaves)
