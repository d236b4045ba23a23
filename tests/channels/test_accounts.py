"""Connecting and changing accounts over HTTP: who may, what is kept, what is never shown."""

from __future__ import annotations

import pytest
from django.test import Client

from envoi.channels import actions, queries
from envoi.channels.models import Account, Channel
from envoi.core.errors import NotAllowed
from envoi.core.vault import seal, unseal
from envoi.messaging import trials
from envoi.providers.table import PROVIDERS
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db

META = {"name": "Shop", "provider_id": "100200", "credential_token": "token-1", "credential_app_secret": "secret-1"}


@pytest.fixture(autouse=True)
def _providers_own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an installation, whatever the surroundings of the tests say."""
    monkeypatch.delenv("ENVOI_PROVIDER_URLS", raising=False)


@pytest.fixture
def browser(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


def credentials(account: Account) -> dict[str, str]:
    return unseal(bytes(Account.objects.get(pk=account.pk).credentials))


@pytest.mark.parametrize("role", ["marketer", "agent", "analyst"])
def test_only_who_may_write_channels_gets_near_an_account(
    client: Client, account: Account, channel: Channel, role: str
) -> None:
    staff = Staff.objects.create(email=f"{role}@example.com", role=role, password="!")
    client.force_login(staff)
    a, c = account.pk, channel.pk
    for path in (
        "/channels/connect/",
        "/channels/connect/meta/",
        f"/channels/accounts/{a}/",
        f"/channels/accounts/{a}/live",
        f"/channels/accounts/{a}/change/",
        f"/channels/accounts/{a}/number/",
        f"/channels/{c}/test/",
    ):
        assert client.get(path).status_code == 403, path
    for path in (
        "/channels/connect/meta/",
        f"/channels/accounts/{a}/change/",
        f"/channels/accounts/{a}/ask/check",
        f"/channels/accounts/{a}/ask/again",
        f"/channels/accounts/{a}/ask/hooks",
        f"/channels/accounts/{a}/disconnect",
        f"/channels/accounts/{a}/forget-old",
        f"/channels/accounts/{a}/number/",
        f"/channels/{c}/state/paused",
        f"/channels/{c}/test/",
    ):
        assert client.post(path, META).status_code == 403, path
    assert Account.objects.count() == 1
    assert Channel.objects.get().state == "active"
    assert not AuditEntry.objects.exists()
    with pytest.raises(NotAllowed):
        trials.send_trial(c, phone="+33639980001", text="hi", by=staff)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_has_a_form_with_its_credentials_and_a_guide(browser: Client, provider: str) -> None:
    assert provider in browser.get("/channels/connect/").content.decode()
    page = browser.get(f"/channels/connect/{provider}/").content.decode()
    key = {"meta": "token", "twilio": "auth_token", "bird": "access_key", "zenvia": "token"}[provider]
    assert f'name="credential_{key}"' in page
    assert "working days" in page
    assert 'name="base_url"' not in page  # only with ENVOI_PROVIDER_URLS=1
    refused = browser.post(f"/channels/connect/{provider}/", {"name": "Shop"})
    assert refused.status_code == 422
    assert not Account.objects.exists()


def test_an_unknown_provider_and_an_unknown_account_are_not_found(browser: Client) -> None:
    assert browser.get("/channels/connect/pigeon/").status_code == 404
    assert browser.get("/channels/accounts/4711/").status_code == 404
    assert browser.post("/channels/accounts/4711/ask/check").status_code == 404
    assert browser.post("/channels/accounts/4711/ask/nonsense").status_code == 404


def test_connecting_keeps_the_secrets_sealed_and_asks_the_provider(browser: Client) -> None:
    answer = browser.post("/channels/connect/meta/", META)
    account = Account.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/channels/accounts/{account.pk}/"
    kept = credentials(account)
    assert (kept["token"], kept["app_secret"]) == ("token-1", "secret-1")
    assert len(kept["verify_token"]) > 20  # made by us when left empty
    assert b"token-1" not in bytes(account.credentials)
    assert (account.work, account.base_url) == ("check", "")
    page = browser.get(answer["Location"]).content.decode()
    assert "token-1" not in page
    assert "secret-1" not in page
    assert kept["verify_token"] in page
    assert f"/hooks/meta/{account.hook_key}" in page


def test_the_same_account_twice_is_refused_in_a_sentence(browser: Client) -> None:
    browser.post("/channels/connect/meta/", META)
    answer = browser.post("/channels/connect/meta/", META)
    assert answer.status_code == 409
    assert "connected already" in answer.content.decode()
    assert Account.objects.count() == 1


def test_an_own_address_needs_the_operators_leave(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = META | {"base_url": "http://127.0.0.1:9999/"}
    browser.post("/channels/connect/meta/", asked)
    assert Account.objects.get().base_url == ""
    Account.objects.all().delete()
    monkeypatch.setenv("ENVOI_PROVIDER_URLS", "1")
    browser.post("/channels/connect/meta/", asked)
    assert Account.objects.get().base_url == "http://127.0.0.1:9999"


def test_changing_shows_no_secret_keeps_what_is_empty_and_the_one_before(browser: Client) -> None:
    browser.post("/channels/connect/meta/", META | {"credential_app_id": "333"})
    account = Account.objects.get()
    path = f"/channels/accounts/{account.pk}/change/"
    page = browser.get(path).content.decode()
    assert "secret-1" not in page
    assert "token-1" not in page
    assert 'value="333"' in page
    browser.post(path, {"name": "New name", "provider_id": "100200", "credential_app_secret": "secret-2"})
    kept = credentials(account)
    assert (kept["token"], kept["app_secret"], kept["app_secret_old"]) == ("token-1", "secret-2", "secret-1")
    assert "app_id" not in kept  # it was shown, and a person emptied it
    assert PROVIDERS["meta"].secrets(kept) == ("secret-2", "secret-1")
    assert Account.objects.get().name == "New name"
    line = AuditEntry.objects.get(verb="account.change")
    assert line.detail["credentials"] == ["app_secret", "app_secret_old"]
    assert "secret-2" not in str(line.detail)

    assert "Forget the old secret" in browser.get(f"/channels/accounts/{account.pk}/").content.decode()
    browser.post(f"/channels/accounts/{account.pk}/forget-old")
    assert PROVIDERS["meta"].secrets(credentials(account)) == ("secret-2",)


@pytest.mark.parametrize(
    ("provider", "key"), [("twilio", "auth_token"), ("bird", "signing_key"), ("zenvia", "hook_secret")]
)
def test_the_secret_before_still_opens_webhooks_at_every_provider(provider: str, key: str) -> None:
    account = actions.connect_account(provider=provider, name="A", provider_id="1", credentials={key: "first"}, by=None)
    actions.change_account(account.pk, name="A", provider_id="1", credentials={key: "second"}, by=None)
    assert PROVIDERS[provider].secrets(credentials(account)) == ("second", "first")


def test_secrets_that_cannot_be_read_are_said_and_entered_again(browser: Client, account: Account) -> None:
    Account.objects.update(credentials=b"of another key")
    assert "be read" in browser.get(f"/channels/accounts/{account.pk}/").content.decode()
    path = f"/channels/accounts/{account.pk}/change/"
    assert browser.post(path, {"name": "Shop", "provider_id": "100200"}).status_code == 422
    assert browser.post(path, META).status_code == 302
    assert credentials(account)["token"] == "token-1"


def test_a_number_by_hand_and_its_mistakes(browser: Client, account: Account) -> None:
    path = f"/channels/accounts/{account.pk}/number/"
    right = {"name": "Main", "address": "+33 6 39 98 00 00", "provider_id": "1099", "throughput_per_second": "80"}
    assert browser.get(path).status_code == 200
    assert browser.post(path, right | {"throughput_per_second": "0"}).status_code == 422
    assert browser.post(path, right | {"address": "call me"}).status_code == 422
    assert browser.post(path, right).status_code == 302
    assert Channel.objects.get().address == "+33639980000"
    assert browser.post(path, right).status_code == 409
    assert Channel.objects.count() == 1


def test_pausing_and_resuming_a_number(browser: Client, channel: Channel) -> None:
    assert browser.post(f"/channels/{channel.pk}/state/paused").status_code == 302
    assert Channel.objects.get().state == "paused"
    assert browser.post(f"/channels/{channel.pk}/state/active").status_code == 302
    assert Channel.objects.get().state == "active"
    assert browser.post(f"/channels/{channel.pk}/state/suspended").status_code == 404


def test_a_number_of_a_disconnected_account_cannot_be_resumed(browser: Client, channel: Channel) -> None:
    browser.post(f"/channels/accounts/{channel.account_id}/disconnect")
    assert Channel.objects.get().state == "suspended"
    answer = browser.post(f"/channels/{channel.pk}/state/active")
    assert answer.status_code == 409
    assert "Try again" in answer.content.decode()
    assert Channel.objects.get().state == "suspended"


def test_a_provider_without_words_of_its_own_is_connected_line_by_line(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDERS, "pigeon", PROVIDERS["meta"])
    path = "/channels/connect/pigeon/"
    assert browser.post(path, {"name": "P", "provider_id": "1", "free": "nonsense"}).status_code == 422
    assert browser.post(path, {"name": "P", "provider_id": "1", "free": "key: k\nsecret: s:t"}).status_code == 302
    assert credentials(Account.objects.get()) == {"key": "k", "secret": "s:t"}


def test_the_page_of_a_worker_that_was_lost_lets_one_ask_again(browser: Client, account: Account, owner: Staff) -> None:
    actions.ask(account.pk, "check", by=None)
    assert queries.connection(owner, account.pk).busy
    one = Account.objects.get()
    assert one.work_since is not None
    Account.objects.update(work_since=one.work_since - queries.LOST_AFTER)
    assert not queries.connection(owner, account.pk).busy


def test_old_rows_keep_their_sealed_credentials(browser: Client) -> None:
    Account.objects.create(provider="zenvia", name="Z", provider_id="1", credentials=seal({}), hook_key="k")
    assert browser.get("/channels/").status_code == 200
