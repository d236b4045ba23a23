"""Who comes in, what each key may do, and what a refusal looks like."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.rest.models import KeptAnswer
from envoi.rest.problems import pointer_of
from envoi.rest.repeats import forget
from envoi.team import keys
from envoi.team.models import ApiKey, AuditEntry, Staff
from envoi.team.scopes import RESOURCES, allows, scopes_of
from tests.rest.conftest import PROBLEM, Caller

pytestmark = pytest.mark.django_db(transaction=True)

ANA = {"phone": "+33639980001", "name": "Ana"}


def test_without_a_key_nobody_comes_in(calling: Callable[..., Caller]) -> None:
    stranger = calling()
    for path in ("/contacts", "/messages", "/accounts", "/campaigns/1/recipients", "/nothing-here"):
        stranger.get(path, expect=401)
    answer = stranger.http.get("/contacts")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    for header in ("Bearer", "Bearer envoi_wrong", "Basic b3duZXI6b3duZXI=", "Bearer \u00e9"):
        assert stranger.http.get("/contacts", headers={b"Authorization": header.encode()}).status_code == 401


def test_a_key_does_what_its_scopes_say_and_no_more(calling: Callable[..., Caller]) -> None:
    reader = calling("contacts:read")
    reader.get("/contacts")
    reader.get("/tags")
    assert "contacts:write" in reader.post("/contacts", ANA, expect=403)["detail"]
    reader.get("/campaigns", expect=403)
    assert not Contact.objects.exists()
    writer = calling("contacts:write")
    made = writer.post("/contacts", ANA)
    writer.get(f"/contacts/{made['id']}")
    # Asking with a body is reading.
    calling("segments:read").post("/segments/preview", {"rule": {"all": []}}, expect=200)


def test_a_key_can_do_no_more_than_its_maker(calling: Callable[..., Caller], owner: Staff) -> None:
    key = calling("all")
    assert key.get("/accounts")["items"] == []
    owner.role = Staff.Role.ANALYST
    owner.save()
    key.get("/contacts")
    assert key.post("/contacts", ANA, expect=403)["type"].endswith("not-allowed")
    owner.is_active = False
    owner.save()
    key.get("/contacts", expect=401)


def test_a_revoked_key_opens_nothing(api: Caller, owner: Staff) -> None:
    api.get("/contacts")
    key = ApiKey.objects.get()
    assert key.last_used_at is not None
    assert "envoi_" in key.shown
    keys.revoke(key.pk, by=owner)
    api.get("/contacts", expect=401)


def test_the_secret_itself_is_nowhere(owner: Staff) -> None:
    key, secret = keys.make(name="Shop", scopes=["contacts:read"], by=owner)
    kept = ApiKey.objects.values().get(pk=key.pk)
    assert secret not in str(kept)
    assert keys.opened_by(secret) == key
    assert keys.opened_by(secret[:-1]) is None


def test_the_audit_log_says_which_key_did_it(api: Caller, owner: Staff) -> None:
    api.post("/contacts", ANA)
    entry = AuditEntry.objects.get(verb="contacts.add")
    assert entry.key == ApiKey.objects.get()
    assert entry.staff == owner
    assert AuditEntry.objects.get(verb="key.make").key is None


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["contacts:read"], ["contacts:read"]),
        (["contacts.write"], ["contacts:write"]),
        (["contacts", "orders:read"], ["contacts:write", "orders:read"]),
        (["read"], sorted(f"{one}:read" for one in RESOURCES)),
        (["all"], sorted(f"{one}:write" for one in RESOURCES)),
        (["*:read"], sorted(f"{one}:read" for one in RESOURCES)),
    ],
)
def test_scopes_are_understood_as_people_write_them(words: list[str], meant: list[str]) -> None:
    assert scopes_of(words) == meant
    assert all(allows(meant, one) for one in meant)


@pytest.mark.parametrize("words", [[], ["people:read"], ["contacts:delete"], [""], ["contacts:read:all"]])
def test_a_scope_that_does_not_exist_is_refused(words: list[str]) -> None:
    with pytest.raises(BadInput, match="scope"):
        scopes_of(words)


def test_whatever_goes_wrong_is_told_as_a_problem(api: Caller, live_server: Any) -> None:
    assert api.get("/nothing-here", expect=404)["title"] == "Not Found"
    api.get("/contacts/999", expect=404)
    api.get("/contacts/abc", expect=422)
    api.get("/contacts/99999999999999999999", expect=422)
    api("PUT", "/contacts", {}, expect=405)
    api("POST", "/contacts", expect=400, content=b"{no json")
    api("POST", "/contacts", expect=400, content=b'{"name": NaN}')
    api("POST", "/contacts", expect=400, content=b'{"phone": "+33639980001", "name": "a\\u0000b"}')
    api("POST", "/contacts", expect=400, content=b'{"phone": "+33639980001", "name": "\\ud800"}')
    api("POST", "/contacts", expect=400, content=b"[" * 100_000)
    api("POST", "/contacts", expect=413, content=b'"' + b"a" * 3_000_000 + b'"')
    # Beside the API, an unknown page of it is a problem too, whatever the host.
    answer = httpx.get(f"{live_server.url}/api/nothing", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM


def test_every_wrong_value_is_named(api: Caller) -> None:
    problem = api.post(
        "/contacts", {"phone": "x", "country": "France", "nickname": "A", "tags": ["", "vip"]}, expect=422
    )
    assert {one["pointer"] for one in problem["errors"]} == {"/phone", "/country", "/nickname", "/tags/0"}
    assert api.get("/contacts", limit=5_000, expect=422)["errors"][0]["pointer"] == "query:limit"
    assert "country code" in api.post("/contacts", {"phone": "0639980001"}, expect=422)["detail"]


def test_a_pointer_names_what_the_caller_wrote_and_nothing_of_the_readers_own(api: Caller) -> None:
    def pointers(body: object) -> list[str]:
        return [one["pointer"] for one in api.post("/messages", body, expect=422)["errors"]]

    nowhere = {"channel": 1, "to": {"phone": "+33639980001", "contact": 1}, "kind": "text", "text": "Hello"}
    assert pointers(nowhere) == ["/to"]
    assert pointers({**nowhere, "to": {"contact": 1}, "text": 5}) == ["/text"]
    assert pointers({"channel": 1, "to": {"contact": 1}, "kind": "image"}) == [""]
    both: dict[str, object] = {**nowhere, "to": {"contact": 1}, "kind": "image"}
    del both["text"]
    both["media"] = {"file": 1, "link": "https://a.example/b.png"}
    assert set(pointers(both)) == {"/media"}
    assert api.post("/messages", both, expect=422)["errors"][0]["detail"] == "Give either file or link."
    assert set(pointers({**both, "media": {"file": 1, "wrong": 2}})) == {"/media", "/media/wrong"}
    assert set(pointers({**both, "media": [{"file": "x"}]})) == {"/media", "/media/0/file"}


@pytest.mark.parametrize(
    ("place", "missing", "pointer"),
    [
        (["body", "given", "rule", "function-after[_check(), Group]", "all", 1, "tag"], False, "/rule/all/1/tag"),
        (["body", "given", "rule", "list[tagged-union[Tag,Order]]"], False, "/rule"),
        (["body", "given", "then", "text", "text"], False, "/then/text"),
        (["body", "given", "then", "media", "file"], True, "/then/file"),
        (["body", "given", "a/b", "int"], False, "/a~1b"),
        (["query", "limit"], False, "query:limit"),
        (["body"], False, ""),
    ],
)
def test_what_the_reader_of_bodies_calls_its_branches_is_in_no_pointer(
    place: list[str | int], missing: bool, pointer: str
) -> None:
    body = {"rule": {"all": [{}, {"tag": 5}]}, "then": {"do": "text", "text": 5}, "a/b": "x"}
    assert pointer_of(place, body, missing=missing) == pointer


def test_a_refused_write_leaves_nothing_behind(api: Caller) -> None:
    api.post("/contacts", {**ANA, "timezone": "Mars/Base"}, expect=422)
    assert not Contact.objects.exists()
    assert not AuditEntry.objects.filter(verb__startswith="contacts").exists()


def test_the_same_key_word_twice_is_done_once(api: Caller) -> None:
    word = {"Idempotency-Key": "7f3c"}
    segment = {"name": "Everybody", "rule": {"all": []}}
    first = api.http.post("/segments", json=segment, headers=word)
    again = api.http.post("/segments", json=segment, headers=word)
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert AuditEntry.objects.filter(verb="segments.save").count() == 1
    # Another body, another address: a mistake, said as one.
    for path, body in (("/segments", {**segment, "name": "All"}), ("/tags", {"name": "vip"})):
        refused = api.http.post(path, json=body, headers=word)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("key-reused")
    # Without the word, the name is taken.
    api.post("/segments", segment, expect=409)


def test_a_refusal_is_not_kept_so_that_trying_again_may_work(api: Caller) -> None:
    word = {"Idempotency-Key": "once"}
    order = {
        "contact": 1,
        "external_id": "A1",
        "amount": {"amount": "10", "currency": "EUR"},
        "at": "2026-05-01T10:00Z",
    }
    assert api.http.post("/orders", json=order, headers=word).status_code == 422
    contact = api.post("/contacts", ANA)
    order["contact"] = contact["id"]
    assert api.http.post("/orders", json=order, headers=word).status_code == 201


def test_after_a_day_the_key_word_is_new(api: Caller) -> None:
    word = {"Idempotency-Key": "daily"}
    api.http.post("/tags", json={"name": "one"}, headers=word)
    KeptAnswer.objects.update(created_at="2026-01-01T00:00:00Z")
    assert api.http.post("/tags", json={"name": "two"}, headers=word).json()["name"] == "two"
    KeptAnswer.objects.update(created_at="2026-01-01T00:00:00Z")
    assert forget() == 1
    assert not KeptAnswer.objects.exists()


def test_many_at_once_with_one_key_word_do_it_once(api: Caller) -> None:
    answers: list[httpx.Response] = []
    body = {"name": "Together", "rule": {"all": []}}

    def call() -> None:
        answers.append(api.http.post("/segments", json=body, headers={"Idempotency-Key": "together"}))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.content for one in answers}) == 1
    assert sum("idempotency-replayed" in one.headers for one in answers) == 7


def test_the_key_words_of_two_keys_are_two(calling: Callable[..., Caller]) -> None:
    word = {"Idempotency-Key": "same"}
    first, second = calling("contacts"), calling("contacts")
    assert first.http.post("/tags", json={"name": "a"}, headers=word).json()["name"] == "a"
    assert second.http.post("/tags", json={"name": "b"}, headers=word).json()["name"] == "b"


def test_the_description_is_open_and_asks_nobody_else(calling: Callable[..., Caller]) -> None:
    stranger = calling()
    schema = stranger.get("/openapi.json")
    assert schema["openapi"].startswith("3.")
    assert schema["paths"]["/api/v1/messages"]["post"]["x-scope"] == "messages:write"
    page = stranger.http.get("/docs")
    assert page.status_code == 200
    assert "GET /api/v1/campaigns/{campaign_id}/recipients" in page.text
    # The house's own alone, which says by whose clock times are shown.
    assert re.findall(r"<script[^>]*>", page.text) == ['<script type="module" src="/static/web/zone.js">']
    assert "https://" not in page.text.replace("https://schemas", "")
    assert "style=" not in page.text
