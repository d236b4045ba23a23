"""Where staff are signed in, and being signed out; the second step as a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from envoi.core.errors import NotAllowed
from envoi.core.home import secret_key
from envoi.staffing import leaving
from envoi.team import keys, sessions, two_step
from envoi.team.models import AuditEntry, Staff, StaffSession, TeamSettings
from envoi.team.sessions import device_name
from envoi.team.signin import SecondStep

pytestmark = pytest.mark.django_db
Hire = Callable[..., Staff]

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1"


def signed_in(staff: Staff, agent: str = CHROME) -> Client:
    client = Client(headers={"user-agent": agent})
    client.force_login(staff)
    assert client.get("/team/sessions/").status_code == 200
    return client


def test_one_sees_ones_browsers_and_signs_out_the_others(owner: Staff) -> None:
    here, there = signed_in(owner), signed_in(owner, PHONE)
    page = here.get("/team/sessions/").content.decode()
    assert "Chrome, Windows" in page
    assert "Safari, iPhone" in page
    assert here.post("/team/sessions/end-others").status_code == 302
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200


def test_one_browser_is_signed_out_and_nobody_elses(hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    theirs, mine = signed_in(agent), signed_in(owner)
    row = StaffSession.objects.get(staff=owner)
    assert theirs.post(f"/team/sessions/{row.pk}/end").status_code == 404
    assert mine.get("/").status_code == 200
    other = StaffSession.objects.get(staff=agent)
    assert mine.post(f"/team/sessions/{other.pk}/end").status_code == 302
    assert theirs.get("/").status_code == 302


def test_being_signed_out_by_an_administrator_counts_at_once(hire: Hire, owner: Staff) -> None:
    agent, administrator = hire("agent"), hire("administrator")
    theirs = signed_in(agent)
    assert sessions.force_out(agent.pk, by=administrator) == 1
    assert theirs.get("/").status_code == 302
    with pytest.raises(NotAllowed):
        sessions.force_out(owner.pk, by=administrator)
    with pytest.raises(NotAllowed):
        sessions.force_out(administrator.pk, by=agent)


def test_a_new_password_ends_the_other_browsers(owner: Staff) -> None:
    here, there = signed_in(owner), signed_in(owner, PHONE)
    given = {
        "oldpassword": "correct horse battery",
        "password1": "another long sentence",
        "password2": "another long sentence",
    }
    assert here.post("/account/password/change/", given).status_code == 302
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
    assert AuditEntry.objects.filter(verb="staff.password", staff=owner).count() == 1


def test_without_access_every_browser_and_key_is_shut(hire: Hire, owner: Staff) -> None:
    administrator = hire("administrator")
    theirs = signed_in(administrator)
    _key, secret = keys.make(name="Theirs", scopes=["read"], by=administrator)
    leaving.leave(administrator.pk, by=owner)
    assert theirs.get("/").status_code == 302
    assert keys.opened_by(secret) is None
    answer = Client().post("/account/login/", {"login": administrator.email, "password": "correct horse battery"})
    assert "_auth_user_id" not in answer.wsgi_request.session
    # Back again: the password opens, the key does not.
    leaving.come_back(administrator.pk, by=owner)
    assert signed_in(administrator).get("/").status_code == 200
    assert keys.opened_by(secret) is None


def test_what_is_over_is_forgotten(owner: Staff) -> None:
    signed_in(owner)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    sessions.forget_over()
    assert (Session.objects.count(), StaffSession.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome, Windows"),
        (PHONE, "Safari, iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("", "unknown"),
        ("<b>" * 90, "<b>" * 13 + "<"),
    ],
)
def test_a_browser_has_a_name_that_people_know(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_who_owes_a_second_step_is_reminded_then_led_to_it(client: Client, hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    two_step.ask_for(["agent"], 7, by=owner)
    client.force_login(agent)
    assert client.get("/").headers["Location"] == "/team/two-step-needed/"
    assert client.get("/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/team/two-step-needed/"
    assert client.post("/team/two-step-needed/").headers["Location"] == "/"
    assert client.get("/").status_code == 200
    # The days are over: no putting off, but the way to set it up is open, and the way out.
    TeamSettings.objects.update(two_step_since=timezone.now() - timedelta(days=8))
    Staff.objects.update(created_at=timezone.now() - timedelta(days=9))
    assert client.get("/").status_code == 303
    assert client.post("/team/two-step-needed/").status_code == 200
    assert client.get("/").status_code == 303
    assert client.get("/account/two-step/").status_code == 200
    Authenticator.objects.create(user=agent, type="totp", data={"secret": "x"})
    assert client.get("/").status_code == 200
    assert client.get("/team/two-step-needed/").status_code == 302


def test_recovery_codes_alone_are_no_second_step(hire: Hire, owner: Staff) -> None:
    agent = hire("agent")
    two_step.ask_for(["agent"], 0, by=owner)
    Authenticator.objects.create(user=agent, type="recovery_codes", data={})
    assert two_step.due_for(agent) is not None
    assert two_step.due_for(owner) is None


def test_an_administrator_helps_who_lost_their_phone_but_not_an_owner(hire: Hire, owner: Staff) -> None:
    agent, administrator = hire("agent"), hire("administrator")
    for one in (agent, owner):
        Authenticator.objects.create(user=one, type="totp", data={"secret": "x"})
    two_step.take_away(agent.pk, by=administrator)
    assert not two_step.has(agent)
    with pytest.raises(NotAllowed):
        two_step.take_away(owner.pk, by=administrator)
    assert two_step.has(owner)


def test_loading_the_page_again_makes_no_second_key(client: Client, owner: Staff) -> None:
    client.force_login(owner)
    answer = client.post("/team/keys/", {"name": "Shop", "scopes": ["contacts:read"]})
    assert answer.headers["Location"] == "/team/keys/"
    first = client.get("/team/keys/").content.decode()
    again = client.get("/team/keys/").content.decode()
    assert "secret-once" in first
    assert "secret-once" not in again
    assert len(keys.keys(owner)) == 1
    assert "Contacts and tags (read)" in again


def test_a_second_step_sealed_with_a_lost_key_lets_nobody_in(
    client: Client, owner: Staff, another_secret: Callable[[], None]
) -> None:
    """And one that was kept before they were sealed still counts."""
    step = SecondStep()
    sealed = step.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert step.decrypt(sealed) == "JBSWY3DPEHPK3PXP"
    assert step.decrypt("JBSWY3DPEHPK3PXP") == "JBSWY3DPEHPK3PXP"
    Authenticator.objects.create(user=owner, type="totp", data={"secret": sealed})
    another_secret()
    # A key that nobody can guess, and another each time.
    assert len({step.decrypt(sealed) for _ in range(3)} - {"", "JBSWY3DPEHPK3PXP"}) == 3
    given = {"login": owner.email, "password": "correct horse battery"}
    assert client.post("/account/login/", given).headers["Location"].startswith("/account/two-step/authenticate/")
    answer = client.post("/account/two-step/authenticate/", {"code": "123456"})
    assert answer.status_code == 200
    assert "Incorrect code" in answer.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.fixture
def another_secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Lets this process go on with another ENVOI_SECRET_KEY."""

    def other() -> None:
        monkeypatch.setenv("ENVOI_SECRET_KEY", "another " * 8)
        secret_key.cache_clear()

    yield other
    secret_key.cache_clear()
