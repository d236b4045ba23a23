"""Looking at a provider: numbers come, webhooks are set up, and what is wrong has a name and stops the account."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

import pytest

from envoi.channels import actions, checks
from envoi.channels.models import Account, Channel
from envoi.config.commands.simulated import Simulated
from envoi.config.shop.account import PLAYED
from envoi.core.errors import BadInput
from envoi.core.vault import unseal
from envoi.team.models import AuditEntry
from tests.providers.simulated import Listener

from .conftest import Connect

pytestmark = pytest.mark.django_db

PROVIDERS = ("meta", "twilio", "bird", "zenvia")
MEBIBYTE = 1024 * 1024


def again(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def number_of(account: Account) -> Channel:
    return Channel.objects.get(account=account)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_check_finds_the_account_well_and_brings_its_numbers(connect: Connect, provider: str) -> None:
    account = connect(provider)
    checks.check(account.pk)
    account = again(account)
    assert (account.state, account.problem, account.work) == ("active", "", "")
    assert account.checked_at is not None
    found = list(account.channels.values_list("provider_id", "address", "state"))
    listed = [(PLAYED[provider].channel_id, "+33639980000", "active")]
    assert found == ([] if provider == "zenvia" else listed)  # Zenvia has no list: its numbers are added by hand
    checks.check(account.pk)
    assert account.channels.count() == len(found)


def test_meta_tells_whose_account_it_is_and_what_a_person_set_holds(connect: Connect) -> None:
    account = connect("meta")
    checks.check(account.pk)
    assert again(account).portfolio == "portfolio"
    actions.change_account(
        account.pk, name="Shop", provider_id=account.provider_id, credentials={}, portfolio=" 1052348167 ", by=None
    )
    checks.check(account.pk)
    assert again(account).portfolio == "1052348167"
    with pytest.raises(BadInput, match="one word"):
        actions.change_account(
            account.pk, name="Shop", provider_id=account.provider_id, credentials={}, portfolio="a:b", by=None
        )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_webhook_is_set_up_and_its_health_known(connect: Connect, provider: str) -> None:
    account = connect(provider)
    checks.check(account.pk)
    before = unseal(bytes(again(account).credentials))
    # Twilio's senders and Meta's apps do not say where else webhooks go; Bird and Zenvia do.
    assert again(account).hooks_state in {"meta": ("", "missing"), "twilio": ("", "missing")}.get(
        provider, ("missing",)
    )

    checks.set_up_hooks(account.pk)
    account = again(account)
    assert (account.hooks_state, account.problem) == ("active", "")
    assert account.hooks_set_at is not None
    after = unseal(bytes(account.credentials))
    if provider == "bird":
        # Shown once, so it is kept; the one before it still opens what is under way.
        assert after["signing_key"] != before["signing_key"]
        assert after["signing_key_old"] == before["signing_key"]
    else:
        assert after == before
    checks.check(account.pk)
    assert again(account).hooks_state in ("active", "")
    checks.set_up_hooks(account.pk)
    assert again(account).problem == ""


def test_a_subscription_that_zenvia_turned_off_is_set_up_again(connect: Connect, simulated: Simulated) -> None:
    account = connect("zenvia")
    checks.set_up_hooks(account.pk)
    base = simulated.url + "/zenvia/v2/subscriptions"
    token = {"x-api-token": PLAYED["zenvia"].credentials["token"], "content-type": "application/json"}
    for one in _json("GET", base, token):
        _json("PATCH", f"{base}/{one['id']}", token, {"status": "INACTIVE"})
    checks.check(account.pk)
    account = again(account)
    assert account.hooks_state == "active"
    assert "set up again" in account.said
    # Those of the tests before this one, for addresses that are gone, are nobody's business here.
    ours = [one for one in _json("GET", base, token) if one["webhook"]["url"].endswith(account.hook_key)]
    assert [one["status"] for one in ours] == ["ACTIVE", "ACTIVE"]


def test_a_revoked_token_stops_the_account_by_name_until_a_person_mends_it(
    connect: Connect, simulated: Simulated
) -> None:
    account = connect("meta")
    checks.check(account.pk)
    simulated.put_account("meta", PLAYED["meta"].control, {**PLAYED["meta"].spec("", 80), "token": "another"} | NO_HOOK)
    checks.check(account.pk)
    account = again(account)
    assert account.state == "suspended"
    assert "190" in account.problem
    channel = number_of(account)
    assert (channel.state, channel.state_reason) == ("suspended", account.problem)
    assert AuditEntry.objects.filter(verb="account.suspended", subject=f"account/{account.pk}").count() == 1

    # The regular look does not go on by itself, and says nothing twice.
    checks.check(account.pk)
    assert AuditEntry.objects.filter(verb="account.suspended").count() == 1
    actions.change_account(
        account.pk, name="meta", provider_id=account.provider_id, credentials={"token": "another"}, by=None
    )
    checks.check(account.pk)
    assert number_of(account).state == "suspended"
    checks.check(account.pk, resume=True)
    assert (again(account).state, again(account).problem, number_of(account).state) == ("active", "", "active")


def test_a_number_id_that_the_provider_does_not_know_is_suspended_alone(connect: Connect) -> None:
    account = connect("meta")
    checks.check(account.pk)
    wrong = actions.add_channel(account.pk, name="Wrong", address="+33639980009", provider_id="4711", by=None)
    checks.check(account.pk)
    wrong.refresh_from_db()
    assert wrong.state == "suspended"
    assert "4711" in wrong.state_reason
    assert again(account).state == "active"
    assert Channel.objects.get(provider_id=PLAYED["meta"].channel_id).state == "active"


def test_a_number_that_a_person_paused_stays_paused(connect: Connect) -> None:
    account = connect("twilio")
    checks.check(account.pk)
    actions.set_state(number_of(account).pk, state="paused", by=None)
    checks.check(account.pk, resume=True)
    assert number_of(account).state == "paused"


ANSWERS: dict[str, tuple[int, bytes]] = {
    "HTML": (200, b"<html><body>Welcome to the hotel</body></html>"),
    "a proxy's HTML": (502, b"<html>Bad gateway</html>"),
    "ten megabytes": (200, b" " * 10 * MEBIBYTE),
    "an empty answer": (200, b""),
    "nothing at all": (0, b""),
}


class Odd:
    """A server that answers everything in one odd way; status 0 hangs up."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (200, b"{}")
        odd = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = odd.answer
                if not status:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except ConnectionError:
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *words: Any) -> None:
                """Nothing to standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def odd() -> Iterator[Odd]:
    one = Odd()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.mark.parametrize("what", ANSWERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_odd_answers_have_a_name_and_stop_the_account(
    connect: Connect, odd: Odd, simulated: Simulated, provider: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envoi.channels.wire.PAUSE_SECONDS", 0.01)
    account = connect(provider)
    checks.check(account.pk)
    if provider == "zenvia":
        actions.add_channel(account.pk, name="Z", address="+33639980000", provider_id="33639980000", by=None)
    right = again(account).base_url
    odd.answer = ANSWERS[what]
    Account.objects.filter(pk=account.pk).update(base_url=odd.url)
    checks.check(account.pk)
    stopped = again(account)
    assert stopped.state in ("suspended", "unreachable")
    assert stopped.problem
    assert (number_of(stopped).state, number_of(stopped).state_reason) == ("suspended", stopped.problem)

    Account.objects.filter(pk=account.pk).update(base_url=right)
    checks.check(account.pk, resume=True)
    assert (again(account).state, number_of(account).state) == ("active", "active")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unreachable_host_is_waited_for(connect: Connect, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envoi.channels.wire.PAUSE_SECONDS", 0.01)
    account = connect(provider)
    checks.check(account.pk)
    if provider == "zenvia":
        actions.add_channel(account.pk, name="Z", address="+33639980000", provider_id="33639980000", by=None)
    right = again(account).base_url
    Account.objects.filter(pk=account.pk).update(base_url="http://127.0.0.1:9")
    checks.check(account.pk)
    stopped = again(account)
    assert stopped.state == "unreachable"
    assert "No connection (unreachable)" in stopped.problem
    assert number_of(stopped).state == "suspended"
    assert checks.waiting() == [account.pk]

    # It answers again: nobody has to press anything.
    Account.objects.filter(pk=account.pk).update(base_url=right)
    checks.check(account.pk)
    assert (again(account).state, number_of(account).state) == ("active", "active")
    assert checks.waiting() == []


def test_a_disconnected_account_is_left_alone(connect: Connect) -> None:
    account = connect("meta")
    checks.check(account.pk)
    actions.disconnect(account.pk, by=None)
    assert checks.due() == []
    checks.check(account.pk)
    assert (again(account).state, number_of(account).state) == ("off", "suspended")
    actions.ask(account.pk, "check", resume=True, by=None)
    checks.check(account.pk, resume=True)
    assert (again(account).state, number_of(account).state) == ("active", "active")


def test_secrets_that_cannot_be_read_are_a_named_problem(connect: Connect) -> None:
    account = connect("meta")
    checks.check(account.pk)
    Account.objects.filter(pk=account.pk).update(credentials=b"written with another key")
    checks.check(account.pk)
    assert "secrets" in again(account).problem
    checks.set_up_hooks(account.pk)
    assert "secrets" in again(account).problem
    assert number_of(account).state == "suspended"


def test_a_webhook_that_cannot_be_set_up_says_why(connect: Connect, our_door: Listener) -> None:
    account = connect("meta")
    our_door.close()  # Meta checks the address before it takes it
    checks.set_up_hooks(account.pk)
    assert again(account).problem.startswith("The webhook could not be set up:")
    assert again(account).hooks_set_at is None


NO_HOOK = {"callback_url": ""}


def _json(method: str, url: str, headers: dict[str, str], body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers=headers, method=method)  # noqa: S310  (our own loopback address)
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)
