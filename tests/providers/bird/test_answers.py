"""What each of Bird's answers means, and that every code of the sheet asks for its action."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envoi.providers.base import (
    ACTIONS,
    Accepted,
    Answer,
    Rejected,
    SendError,
    Suspended,
    Throttled,
    Uncertain,
    Unreachable,
)
from envoi.providers.bird.calling import TYPES
from envoi.providers.bird.errors import ERROR_RANGES, ERRORS
from envoi.providers.meta.errors import ERRORS as META_ERRORS

from .outbox import ACCEPTED, BIRD, Wire, outgoing, send

TEXT = outgoing(kind="text", content={"body": "Oi"})


def refused(mode: str, status: int, content: bytes | dict[str, Any], **headers: str) -> SendError:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(SendError) as caught:
        send(mode, Wire(Answer(status, headers, body)), TEXT)
    return caught.value


def gen3(kind: str = "", name: str = "", **more: Any) -> dict[str, Any]:
    error = {"type": f"{kind}_error", "code": "E04058", "message": "Bird's own words", "request_id": "req_1", **more}
    return {"error": error | ({"name": name} if name else {})}


def gen1(code: int, parameter: str | None = None) -> dict[str, Any]:
    return {"errors": [{"code": code, "description": "Bird's own words", "parameter": parameter}]}


NAMES = [code for code in ERRORS if code.startswith("WhatsApp")]
KINDS = sorted({*TYPES.values(), "internal"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_the_bird_api_asks_for_its_action(kind: str):
    status = next((status for status, name in TYPES.items() if name == kind), 500)
    caught = refused("gen3", status, gen3(kind))
    assert type(caught) is ACTIONS[ERRORS[kind].action]
    assert (caught.failure.code, caught.failure.title) == (kind, ERRORS[kind].title)
    assert caught.failure.detail == "Bird's own words (request_id req_1)"
    assert caught.failure.action == ERRORS[kind].action


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_refusal_asks_for_its_action(name: str):
    caught = refused("gen3", 422, gen3("validation", name, details=[{"param": "to", "message": "is wrong"}]))
    assert type(caught) is ACTIONS[ERRORS[name].action]
    assert caught.failure.code == name
    assert "to: is wrong" in caught.failure.detail


@pytest.mark.parametrize("code", [code for code in ERRORS if code.startswith("gen2/")])
def test_every_status_of_gen_2_asks_for_its_action(code: str):
    caught = refused("gen2", int(code[5:]), {"code": "X", "message": "Bird's own words"})
    assert type(caught) is ACTIONS[ERRORS[code].action]
    assert (caught.failure.code, caught.failure.detail) == (code, "X Bird's own words")


@pytest.mark.parametrize("code", [code for code in ERRORS if code.startswith("conversations/")])
def test_every_code_of_messagebird_asks_for_its_action(code: str):
    number, _, parameter = code.removeprefix("conversations/").partition("/")
    caught = refused("conversations", 422, gen1(int(number), parameter or None))
    assert type(caught) is ACTIONS[ERRORS[code].action]
    assert caught.failure.code == code


def test_the_table_has_every_code_of_the_sheet():
    """Bird sheet, copied here a second time by hand: a lost or mistyped row is noticed."""
    later = """insufficient_balance price_not_found recipient_suppressed service_window_expired rate_limited
    undeliverable media_rejected internal_error""".split()
    types = """bad_request not_found gone payload_too_large validation auth permission misdirected billing conflict
    precondition rate_limit internal service_unavailable""".split()
    names = """InvalidRecipient RecipientNotSupportedForTemplate SenderRequired SenderNotAllowed SenderNotFound
    SenderWABAMismatch TemplateParameterMismatch InteractiveLimitExceeded InteractiveDuplicateLabel""".split()
    rest = [f"conversations/{code}" for code in (2, 9, 10, 20, 21, 25, 98, 99, 103)]
    rest += [f"gen2/{code}" for code in (429, 11_000, 11_999, 12_000, 14_000, 15_005)]
    sheet = later + types + [f"WhatsApp{name}" for name in names] + rest
    assert [code for code in sheet if BIRD.advice(code) is None] == []
    assert all(row.source for row in [*ERRORS.values(), *(row for _, _, row in ERROR_RANGES)])
    assert [BIRD.advice(code) for code in ("", "x", "gen2/16000", "gen2/²", "conversations/9/x", "9" * 30)] == [
        None
    ] * 6


def test_actions_are_those_of_the_sheet():
    held = {"auth", "permission", "misdirected", "billing", "insufficient_balance", "price_not_found"}
    assert {ERRORS[code].action for code in held} == {"suspended"}
    assert ERRORS["recipient_suppressed"].action == ERRORS["conversations/103"].action == "opted_out"
    again = {code for code, row in ERRORS.items() if row.action in ("throttled", "unreachable")}
    proven = {"rate_limit", "rate_limited", "internal", "service_unavailable", "internal_error", "gen2/429"}
    assert again == proven


@pytest.mark.parametrize("code", ["131026", "131049", "131050", "132001"])
def test_metas_codes_keep_metas_rows(code: str):
    assert BIRD.advice(code) is META_ERRORS[code]


def test_a_wait_is_as_long_as_bird_says():
    assert refused("gen3", 429, gen3("rate_limit"), **{"retry-after": "7"}).after == 7
    assert refused("gen2", 429, {"message": "slow"}, **{"retry-after": "9"}).after == 9
    assert refused("gen3", 429, gen3("rate_limit"), **{"retry-after": "soon"}).after == 1


def test_an_unknown_name_goes_by_its_type_and_an_unknown_type_by_its_status():
    assert refused("gen3", 422, gen3("validation", "WhatsAppNameToCome")).failure.code == "validation"
    assert type(refused("gen3", 418, gen3("type_to_come"))) is Suspended
    assert type(refused("gen3", 422, gen3("type_to_come"))) is Rejected
    assert type(refused("gen3", 503, gen3("type_to_come"))) is Unreachable


HTML = b"<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize("mode", ["gen3", "gen2", "conversations"])
@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, HTML, Uncertain),
        (202, b"", Uncertain),
        (202, b"[]", Uncertain),
        (202, b'{"id":""}', Uncertain),
        (202, b'{"id":7}', Uncertain),
        (202, b"[" * 100_000, Uncertain),
        (500, HTML, None),
        (502, b"", None),
        (429, HTML, Throttled),
        (401, b"", Suspended),
        (404, HTML, Suspended),
        (301, b"", Suspended),
        (400, b'{"error":"words"}', Suspended),
    ],
)
def test_an_answer_that_is_not_birds_goes_by_its_status(mode: str, status: int, content: bytes, kind: Any):
    """A repeat can't send twice at the Bird API, so there a server's failure may be tried again."""
    caught = refused(mode, status, content)
    assert type(caught) is (kind or (Unreachable if mode == "gen3" else Uncertain))
    assert caught.failure.code


@pytest.mark.parametrize("mode", ["gen3", "gen2", "conversations"])
def test_only_an_id_says_accepted(mode: str):
    assert send(mode, Wire(Answer(202, {}, ACCEPTED)), TEXT) == Accepted("m-1")


@pytest.mark.parametrize(
    "credentials",
    [
        {"access_key": ""},
        {"access_key": "bk_us1_a\nb"},
        {"access_key": "bk_us1_é"},
        {"access_key": "no-region"},
        {"access_key": "no-region", "region": "us1.evil.example/"},
        {"mode": "gen4"},
    ],
)
def test_damaged_credentials_suspend_before_the_network(credentials: dict[str, str]):
    wire = Wire()
    with pytest.raises(Suspended):
        send("gen3", wire, TEXT, credentials)
    assert wire.asked == []


def test_gen_2_needs_its_workspace():
    wire = Wire()
    with pytest.raises(Suspended):
        send("gen2", wire, TEXT, {"workspace_id": ""})
    assert wire.asked == []


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (500, Uncertain), (400, Rejected)])
def test_messagebirds_code_does_not_hide_a_status_that_says_more(status: int, kind: type[SendError]):
    assert type(refused("conversations", status, gen1(21))) is kind
