"""Who asks Zenvia, and what each of its answers means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import (
    ACTIONS,
    Accepted,
    Account,
    Answer,
    Rejected,
    SendError,
    Suspended,
    Throttled,
    Uncertain,
)
from envoi.providers.table import PROVIDERS
from envoi.providers.zenvia.calls import credentials, signature
from envoi.providers.zenvia.errors import ERRORS
from envoi.providers.zenvia.sending import outcome

ZENVIA = PROVIDERS["zenvia"]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_signature_is_that_of_the_sheet():
    """Zenvia sheet, 1: the vector there."""
    content = b'{"from":"sender","to":"5511999990000","contents":[{"type":"text","text":"Oi"}]}'
    date = "Sun, 22 Nov 2026 10:00:00 GMT"
    made = signature("ABCDEF", "POST", content, "application/json", date, "/v2/channels/whatsapp/messages")
    assert made == "qRwfZcDiErmswilhIcty5n8lb4GYlen3mxAIdwf7+NE="


@pytest.mark.parametrize("token", ["", "a\nb", "é"])
def test_a_damaged_token_suspends_before_the_network(token: str):
    from_now_on = Account(provider_id="1", credentials={"token": token})
    with pytest.raises(Suspended):
        credentials(from_now_on, "GET", "/v2/templates", b"", "", NOON)


# --- Answers ---------------------------------------------------------------------------------------------------------


def answer(status: int, said: bytes | Mapping[str, Any], **headers: str) -> Answer:
    return Answer(status, headers, said if isinstance(said, bytes) else json.dumps(said).encode())


def refused(status: int, said: bytes | Mapping[str, Any], **headers: str) -> SendError:
    with pytest.raises(SendError) as caught:
        outcome(answer(status, said, **headers))
    return caught.value


def test_an_id_says_accepted():
    assert outcome(answer(200, {"id": "msg", "direction": "OUT"})) == Accepted("msg")


@pytest.mark.parametrize("said", [b"", b"<html>", b"{}", b'{"id":""}', b'{"id":7}', b"[]"])
def test_a_success_without_an_id_is_uncertain(said: bytes):
    assert isinstance(refused(200, said), Uncertain)


HTTP_STATUS = {"VALIDATION_ERROR": 400, "AUTHENTICATION_ERROR": 401, "NOT_FOUND": 404, "DUPLICATED": 409}
CODES = [code for code in ERRORS if not code.isdigit() and code not in ("REJECTED", "NOT_DELIVERED")]


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_an_answer_asks_for_its_action(code: str):
    row = ERRORS[code]
    if code.startswith("http_"):
        caught = refused(int(code[5:]), b"<html>no code</html>")
    else:
        details = [{"code": "x", "path": "contents[0].text", "message": "too short"}]
        said = {"code": code, "message": "Said", "details": details}
        caught = refused(HTTP_STATUS.get(code, 500), said)
        assert caught.failure.detail == "Said; contents[0].text: too short"
    assert type(caught) is ACTIONS[row.action]
    assert (caught.failure.code, caught.failure.title, caught.failure.action) == (code, row.title, row.action)
    assert caught.after == row.after
    assert row.source
    assert ZENVIA.advice(code) is row


def test_the_table_has_every_code_of_the_sheet():
    """Zenvia sheet, 5, copied here a second time by hand: a lost or mistyped row is noticed."""
    sheet = """VALIDATION_ERROR AUTHENTICATION_ERROR http_403 NOT_FOUND DUPLICATED http_429 INTERNAL_ERROR http_502
    http_503 http_504 131026 131047 131049 131050 130429 131056 131048 368 131031 132000 132001 132005 132007
    132012 132015
    132016 131042 131051 131052 131053 REJECTED NOT_DELIVERED http_401 http_500"""
    assert set(sheet.split()) == set(ERRORS)


def test_too_many_calls_wait_as_long_as_zenvia_asks():
    caught = refused(429, {"message": "Too many requests"}, **{"retry-after": "17"})
    assert isinstance(caught, Throttled)
    assert caught.after == 17


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, {"code": "ERROR_MAX_TPS", "message": "x"}, Rejected),
        (422, {"code": "NEW", "message": "x"}, Rejected),
        (400, b"<html>a proxy</html>", Suspended),
        (302, b"", Suspended),
        (404, b"<html>another server</html>", Suspended),
        (520, b"", Uncertain),
        (500, {"code": "NEW"}, Uncertain),
    ],
)
def test_an_answer_that_no_row_knows(status: int, said: Any, kind: type[SendError]):
    assert type(refused(status, said)) is kind


@given(st.integers(100, 599), st.binary(max_size=80))
def test_no_answer_does_worse_than_a_send_error(status: int, said: bytes):
    with suppress(SendError):
        outcome(answer(status, said))
