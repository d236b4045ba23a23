"""What each resource takes, gives and refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from envoi.channels.models import Account, Channel
from envoi.contacts import actions, attributes, undoing
from envoi.contacts.models import Contact
from envoi.message_templates.models import Template
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.orders.queries import totals_of
from envoi.team.models import Staff
from tests.rest.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)

ANA = {"phone": "+33 6 39 98 00 01", "name": "Ana", "language": "fr", "tags": ["vip", "paris"]}
PARCEL = {
    "name": "parcel",
    "language": "en",
    "category": "utility",
    "components": [
        {
            "type": "BODY",
            "text": "Your parcel {{number}} is on its way to you and comes tomorrow.",
            "example": {"body_text_named_params": [{"param_name": "number", "example": "A17"}]},
        }
    ],
}


def test_a_contact_is_made_once_and_then_brought_up_to_date(api: Caller) -> None:
    made = api.post("/contacts", ANA | {"attributes": {"shoe": 38, "city": "Paris"}})
    assert made["phone"] == "+33639980001"
    assert made["country"] == "FR"
    assert made["tags"] == ["paris", "vip"]
    assert made["consent"] == {"marketing": "unknown", "service": "unknown"}
    again = api.post("/contacts", {"phone": "0033639980001", "attributes": {"shoe": None, "size": "M"}}, expect=200)
    assert again["id"] == made["id"]
    assert again["attributes"] == {"city": "Paris", "size": "M"}
    assert (again["name"], again["tags"]) == ("Ana", ["paris", "vip"])
    changed = api.patch(f"/contacts/{made['id']}", {"name": "Ana Ruiz", "tags": ["vip"], "timezone": "Europe/Paris"})
    assert (changed["name"], changed["tags"], changed["timezone"]) == ("Ana Ruiz", ["vip"], "Europe/Paris")
    assert api.get(f"/contacts/{made['id']}") == changed
    assert datetime.fromisoformat(changed["created_at"]).tzinfo == UTC


def test_a_key_of_somebody_else_is_not_taken_over(api: Caller) -> None:
    api.post("/contacts", ANA)
    other = api.post("/contacts", {"user_id": "FR.abc", "name": "Bob"})
    assert (other["phone"], other["user_id"]) == (None, "FR.abc")
    problem = api.patch(f"/contacts/{other['id']}", {"phone": "+33639980001", "name": "X"}, expect=409)
    assert problem["type"].endswith("key-taken")
    assert api.get(f"/contacts/{other['id']}")["name"] == "Bob"
    assert api.patch(f"/contacts/{other['id']}", {"phone": "+33639980002"})["phone"] == "+33639980002"


def test_contacts_are_found_by_name_phone_tag_and_segment(api: Caller) -> None:
    ana = api.post("/contacts", ANA)["id"]
    bob = api.post("/contacts", {"phone": "+33639980002", "name": "Bob", "tags": ["vip"]})["id"]
    segment = api.post("/segments", {"name": "French", "rule": {"field": "language", "is": "is", "value": "fr"}})

    def found(**asked: Any) -> set[int]:
        return {one["id"] for one in api.everything("/contacts", limit=1, **asked)}

    assert found() == found(tag="vip") == {ana, bob}
    assert found(q="ana") == found(tag="paris") == found(segment=segment["id"]) == {ana}
    assert found(phone="00 33 6 39 98 00 02") == {bob}
    assert found(phone="+33639980009") == set()
    assert found(segment=segment["id"], tag="none") == set()
    api.get("/contacts", segment=segment["id"], q="ana", expect=422)
    api.get("/contacts", segment=999, expect=404)
    api.get("/contacts", phone="06 39", expect=422)


def test_the_consent_ledger_only_grows_and_the_newest_decision_counts(api: Caller) -> None:
    at = f"/contacts/{api.post('/contacts', ANA)['id']}"
    agreed = {"purpose": "marketing", "state": "granted", "source": "shop"}
    assert "no proof" in api.post(f"{at}/consents", agreed, expect=422)["detail"]
    grant = agreed | {"text": "Yes, send me offers", "at": "2026-05-01T10:00:00+02:00"}
    assert api.post(f"{at}/consents", grant)["consent"]["marketing"] == "granted"
    stop = {"purpose": "marketing", "state": "withdrawn", "source": "letter", "at": "2026-06-01T10:00:00Z"}
    assert api.post(f"{at}/consents", stop)["consent"]["marketing"] == "withdrawn"
    # An older line that arrives late changes nothing.
    late = api.post(f"{at}/consents", grant | {"at": "2026-05-20T10:00:00Z"})
    assert late["consent"]["marketing"] == "withdrawn"
    entries = api.everything(f"{at}/consents", limit=1)
    assert [one["state"] for one in entries] == ["granted", "withdrawn", "granted"]
    assert entries[-1]["at"] == "2026-05-01T08:00:00Z"
    assert "future" in api.post(f"{at}/consents", stop | {"at": "2099-01-01T00:00:00Z"}, expect=422)["detail"]
    api.post("/contacts/999/consents", stop, expect=404)
    api.get("/contacts/999/consents", expect=404)


def test_a_contact_is_erased_what_waits_for_them_is_cancelled_and_sums_stay(api: Caller, channel: Channel) -> None:
    contact = api.post("/contacts", ANA)["id"]
    order = {"contact": contact, "external_id": "A1", "amount": {"amount": "10", "currency": "EUR"}}
    api.post("/orders", order | {"at": "2026-05-01T10:00:00Z"})
    lane = ledger.add_lane(ledger_db(), channel.pk, priority=0)
    ledger.enqueue(
        ledger_db(),
        contact_id=contact,
        channel_id=channel.pk,
        lane_id=lane,
        recipient="+33639980001",
        kind="text",
        category="service",
        content={"body": "Hello"},
    )
    api.delete(f"/contacts/{contact}")
    api.get(f"/contacts/{contact}", expect=404)
    assert api.get("/contacts")["items"] == []
    [message] = api.get("/messages")["items"]
    assert (message["state"], message["text"]) == ("cancelled", "")
    api("DELETE", f"/contacts/{contact}", expect=404)


def test_attributes_are_what_the_company_says_they_are(api: Caller) -> None:
    attributes.define(key="shoe size", label="Shoe size", kind="number", by=None)
    refused = api.post("/contacts", ANA | {"attributes": {"shoe size": "big"}}, expect=422)
    assert "Shoe size" in refused["detail"]
    made = api.post("/contacts", ANA | {"attributes": {"shoe size": "42", "city": "Paris"}})
    assert made["attributes"]["shoe size"] == 42
    assert made["attributes"]["city"] == "Paris"


def test_a_tag_is_made_renamed_and_deleted(api: Caller) -> None:
    contact = api.post("/contacts", ANA)["id"]
    vip = next(one for one in api.get("/tags")["items"] if one["name"] == "vip")
    assert api.post("/tags", {"name": " vip "}) == vip
    assert api.get(f"/tags/{vip['id']}") == vip
    assert api.patch(f"/tags/{vip['id']}", {"name": "best"})["name"] == "best"
    api.patch(f"/tags/{vip['id']}", {"name": "paris"}, expect=409)
    assert api.get(f"/contacts/{contact}")["tags"] == ["best", "paris"]
    api.delete(f"/tags/{vip['id']}")
    assert api.get(f"/contacts/{contact}")["tags"] == ["paris"]
    api.get(f"/tags/{vip['id']}", expect=404)


def test_a_segment_is_saved_changed_tried_and_deleted(api: Caller) -> None:
    api.post("/contacts", ANA)
    rule = {"all": [{"field": "tag", "is": "has", "value": "vip"}, {"field": "language", "is": "is", "value": "fr"}]}
    made = api.post("/segments", {"name": "French vips", "rule": rule})
    at = f"/segments/{made['id']}"
    assert made["rule"] == rule
    assert "vip" in made["words"]
    assert made["remarks"] == []
    vip = next(one for one in api.get("/tags")["items"] if one["name"] == "vip")
    api.delete(f"/tags/{vip['id']}", expect=409)
    assert "“French vips”" in api.patch(f"/tags/{vip['id']}", {"name": "best"}, expect=409)["detail"]
    odd = api.post("/segments", {"name": "Odd", "rule": {"field": "tag", "is": "has", "value": "nobody’s"}})
    assert odd["remarks"] == ["There is no tag “nobody’s” (any more): nobody has it."]
    api.delete(f"/segments/{odd['id']}")
    assert api.get(f"{at}/count") == {"count": 1}
    assert [one["name"] for one in api.get(f"{at}/preview")["items"]] == ["Ana"]
    assert api.patch(at, {"name": "Vips of France"})["rule"] == rule
    assert api.patch(at, {"rule": {"any": []}})["name"] == "Vips of France"
    assert api.get(f"{at}/count") == {"count": 0}
    assert "field" in api.patch(at, {"rule": {"field": "shoe", "is": "is", "value": 1}}, expect=422)["detail"]
    api.post("/segments", {"name": "Vips of France", "rule": {"all": []}}, expect=409)
    api.delete(at)
    api.get(at, expect=404)
    assert api.get("/segments") == {"items": [], "next": None}


def test_an_order_comes_in_once_by_the_shops_number(api: Caller) -> None:
    contact = api.post("/contacts", ANA)["id"]
    order = {
        "contact": contact,
        "external_id": "A-17",
        "amount": {"amount": "49.9", "currency": "EUR"},
        "at": "2026-05-01T10:00:00Z",
        "items": [{"name": "Record", "quantity": 1}],
    }
    made = api.post("/orders", order)
    assert made["amount"] == {"amount": "49.90", "currency": "EUR"}
    again = api.post("/orders", order | {"amount": {"amount": "39.90", "currency": "EUR"}}, expect=200)
    assert (again["id"], again["amount"]["amount"]) == (made["id"], "39.90")
    assert [one["external_id"] for one in api.everything("/orders", limit=1, contact=contact)] == ["A-17"]
    for wrong in ({"amount": "1.005", "currency": "EUR"}, {"amount": "-1", "currency": "EUR"}, 12.5):
        api.post("/orders", order | {"amount": wrong}, expect=422)
    api.post("/orders", order | {"contact": 999}, expect=422)
    api.post("/orders", order | {"at": "2026-05-01T10:00:00"}, expect=422)


def test_a_template_is_checked_kept_changed_and_handed_in(api: Caller, account: Account) -> None:
    assert api.post("/templates/lint", PARCEL, expect=200) == {"ok": True, "problems": []}
    bad = PARCEL | {"name": "Parcel!", "components": [{"type": "BODY", "text": "{{number}}"}]}
    assert {one["field"] for one in api.post("/templates/lint", bad, expect=200)["problems"]} >= {"name", "body"}
    refused = api.post("/templates", bad | {"account": account.pk}, expect=422)
    assert {one["pointer"] for one in refused["errors"]} >= {"/name", "/body"}
    made = api.post("/templates", PARCEL | {"account": account.pk})
    assert (made["state"], made["components"]) == ("draft", PARCEL["components"])
    assert [one["key"] for one in made["variables"]] == ["number"]
    at = f"/templates/{made['id']}"
    assert api.patch(at, {"category": "marketing"})["category"] == "marketing"
    assert api.patch(at, {"name": "parcel_two"})["components"] == PARCEL["components"]
    submitted = api.post(f"{at}/submit", expect=202)
    assert submitted["work"] == "handing_in"
    assert api.post(f"{at}/submit", expect=409)["type"].endswith("under-way")
    sync = api.post("/templates/sync", {"account": account.pk}, expect=202)
    assert sync["state"] == "waiting"
    assert [one["id"] for one in api.get("/templates", state="draft")["items"]] == [made["id"]]
    assert api.get("/templates", name="other")["items"] == []


def test_an_account_is_connected_and_its_secrets_never_come_back(api: Caller) -> None:
    given = {
        "provider": "meta",
        "name": "Shop",
        "provider_id": "100200300",
        "credentials": {"token": "EAAG-secret-1", "app_secret": "secret-2"},
    }
    made = api.post("/accounts", given)
    at = f"/accounts/{made['id']}"
    changed = api.patch(at, {"name": "The shop", "credentials": {"token": "EAAG-secret-3"}})
    everything = str([made, changed, api.get(at), api.get("/accounts")])
    assert "secret-" not in everything
    assert changed["name"] == "The shop"
    assert changed["hook_url"].endswith(f"/hooks/meta/{changed['hook_key']}")
    api.post("/accounts", given, expect=409)
    api.post("/accounts", given | {"provider": "pigeon"}, expect=422)
    number = {"account": made["id"], "name": "Main", "address": "+33 6 39 98 00 00", "provider_id": "1099"}
    channel = api.post("/channels", number)
    assert (channel["address"], channel["throughput_per_second"]) == ("+33639980000", 80)
    assert api.patch(f"/channels/{channel['id']}", {"state": "paused"})["state"] == "paused"
    assert api.get("/channels", account=made["id"])["items"][0]["state"] == "paused"
    assert api.get("/channels", account=made["id"] + 1)["items"] == []
    api.post("/channels", number, expect=409)


def test_who_may_not_change_accounts_is_not_told_their_webhook(
    calling: Callable[..., Caller], account: Account, owner: Staff
) -> None:
    marketer = Staff.objects.create(email="m@example.com", role=Staff.Role.MARKETER)
    key = calling("all")
    assert key.get(f"/accounts/{account.pk}")["hook_key"] == account.hook_key
    owner.role = marketer.role
    owner.save()
    shown = key.get(f"/accounts/{account.pk}")
    assert (shown["hook_key"], shown["hook_url"]) == (None, None)
    key.patch(f"/accounts/{account.pk}", {"name": "X"}, expect=403)


def test_what_a_message_lacks_is_named(api: Caller, channel: Channel) -> None:
    to = {"phone": "+33639980001"}
    text = {"channel": channel.pk, "to": to, "kind": "text", "text": "Hello"}
    assert api.post("/messages", text | {"channel": 999}, expect=422)["detail"] == "Choose a channel that exists."
    for wrong in (
        {"to": {}},
        {"to": to | {"contact": 1}},
        {"kind": "image"},
        {"kind": "telegram"},
        {"text": ""},
        {"media": {"link": "https://example.com/a.png"}},
        {"to": {"contact": 999}},
        {"to": {"phone": "12"}},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ):
        api.post("/messages", text | wrong, expect=422)
    image = {"channel": channel.pk, "to": to, "kind": "image", "media": {"file": 77}}
    assert "library" in api.post("/messages", image, expect=422)["detail"]
    # As one gets it, a list of one.
    linked = {"media": [{"link": "https://example.com/a.png", "caption": "The record"}]}
    assert api.post("/messages", image | linked, expect=409)["type"].endswith("window-closed")
    draft = Template.objects.create(
        account=channel.account, name="parcel", language="en", category="utility", components=PARCEL["components"]
    )
    template = {"channel": channel.pk, "to": to, "kind": "template", "template": {"id": draft.pk, "values": {}}}
    assert api.post("/messages", template, expect=409)["type"].endswith("not-sendable")
    assert not Contact.objects.exists()


def test_who_said_stop_to_everything_is_not_written_to(api: Caller, channel: Channel) -> None:
    contact = api.post("/contacts", ANA)["id"]
    api.post(f"/contacts/{contact}/consents", {"purpose": "service", "state": "withdrawn", "source": "letter"})
    text = {"channel": channel.pk, "to": {"contact": contact}, "kind": "text", "text": "Hello"}
    assert api.post("/messages", text, expect=409)["type"].endswith("opted-out")


def test_single_templates_of_one_wording_share_a_queue(api: Caller, channel: Channel) -> None:
    Template.objects.create(
        account=channel.account,
        name="parcel",
        language="en",
        category="utility",
        state="approved",
        components=PARCEL["components"],
    )
    sent = [
        api.post(
            "/messages",
            {
                "channel": channel.pk,
                "to": {"phone": f"+3363998000{n}"},
                "kind": "template",
                "template": {"name": "parcel", "language": "en", "values": {"number": f"A{n}"}},
            },
            expect=202,
        )
        for n in range(3)
    ]
    assert sent[2]["text"] == "Your parcel A2 is on its way to you and comes tomorrow."
    assert (sent[0]["kind"], sent[0]["category"], sent[0]["state"]) == ("template", "utility", "queued")
    lanes = channel.lanes.all()
    assert [(lane.priority, lane.form["name"]) for lane in lanes] == [(1, "parcel")]
    assert len(api.everything("/messages", limit=2, channel=channel.pk, direction="out")) == 3
    assert api.get("/messages", direction="in")["items"] == []


@pytest.mark.parametrize("path", ["/contacts", "/messages", "/contacts?segment=1"])
def test_a_list_is_whole_and_without_repeats_while_rows_come_in(
    api: Caller, channel: Channel, raw_db: psycopg.Connection, path: str
) -> None:
    raw_db.execute("INSERT INTO segments (id, name, rule) VALUES (1, 'All', '{\"all\": []}')")
    add = """
        WITH made AS (
            INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
            SELECT '+3363' || %(from)s || lpad(n::text, 4, '0'), 'Client', '', '', '', 'unknown', 'unknown'
              FROM generate_series(1, %(count)s) n
            RETURNING id
        )
        INSERT INTO messages (contact_id, channel_id, direction, kind, category, state)
        SELECT id, %(channel)s, 'out', 'text', 'service', 'delivered' FROM made RETURNING contact_id
    """
    before = {row[0] for row in raw_db.execute(add, {"from": "100", "count": 300, "channel": channel.pk})}

    def insert() -> None:
        for part in range(101, 161):
            raw_db.execute(add, {"from": str(part), "count": 3, "channel": channel.pk})

    writer = threading.Thread(target=insert)
    writer.start()
    try:
        asked = {"segment": 1} if "segment" in path else {}
        items = api.everything(path.partition("?")[0], limit=20, **asked)
    finally:
        writer.join()
    ids = [one["id"] for one in items]
    assert len(ids) == len(set(ids))
    assert before <= {one.get("contact", one["id"]) for one in items}


@pytest.mark.parametrize("path", ["/contacts", "/messages", "/orders", "/campaigns", "/tags"])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Caller, path: str) -> None:
    for wrong in ("nonsense", "MQ", "MWFiYw", "é", "MTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        assert "again" in api.get(path, cursor=wrong, expect=422)["detail"]


def test_many_contacts_come_in_at_once_and_bad_ones_come_back(api: Caller) -> None:
    rows = [
        {"phone": "0639980001", "name": "Ana", "tags": ["vip"], "attributes": {"shoe": 38}, "consent": "granted"},
        {"phone": "call me"},
        {"customer": "C2", "name": "Ben"},
        {"phone": "+33639980001", "name": "Ana Ruiz", "tags": ["a;b"]},
        {},
    ]
    api.post("/contacts/bulk", {"contacts": rows, "country": "FR"}, expect=422)
    given = {"contacts": rows, "country": "FR", "consent_source": "till", "tags": ["shop"]}
    done = api.post("/contacts/bulk", given, expect=200)
    assert {name: done[name] for name in ("created", "updated", "unchanged", "duplicate")} == {
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 0,
    }
    assert [one["index"] for one in done["refused"]] == [1, 3, 4]
    ana = api.get("/contacts?phone=%2B33639980001")["items"][0]
    assert (ana["name"], ana["tags"], ana["attributes"]) == ("Ana", ["shop", "vip"], {"shoe": "38"})
    assert ana["consent"]["marketing"] == "granted"
    again = api.post("/contacts/bulk", given, expect=200)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    actions.undo_import(done["import"], by=None, queue=False)
    undoing.run(done["import"])
    assert Contact.objects.count() == 0


def test_many_orders_come_in_at_once(api: Caller) -> None:
    api.post("/contacts", ANA)
    order = {"phone": "+33639980001", "external_id": "o1", "at": "2026-01-01T00:00:00Z"}
    rows = [
        order | {"amount": {"amount": "12.30", "currency": "EUR"}},
        order | {"phone": "+33639980009", "external_id": "o2", "amount": {"amount": "1", "currency": "EUR"}},
    ]
    done = api.post("/orders/bulk", {"orders": rows}, expect=200)
    assert (done["created"], [one["index"] for one in done["refused"]]) == (1, [1])
    done = api.post("/orders/bulk", {"orders": rows, "unknown_customers": "create"}, expect=200)
    assert (done["created"], done["unchanged"], done["refused"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+55 31 8765-4321", "+55 31 98765-4321"),
        ("+55 31 98765-4321", "+55 31 8765-4321"),
        ("+52 1 55 1234 5678", "+52 55 1234 5678"),
        ("+52 55 1234 5678", "+52 1 55 1234 5678"),
        ("+54 11 2345-6789", "+54 9 11 2345-6789"),
        ("+54 9 11 2345-6789", "+54 11 2345-6789"),
    ],
)
def test_the_variants_of_a_number_are_one_person_by_every_call(api: Caller, one: str, other: str) -> None:
    made = api.post("/contacts", {"phone": one})
    assert api.post("/contacts", {"phone": other, "name": "Ana"}, expect=200)["id"] == made["id"]
    assert [found["id"] for found in api.get("/contacts", phone=other)["items"]] == [made["id"]]
    rows = {"contacts": [{"phone": other, "name": "Ana Ruiz"}, {"phone": one, "name": "Ana Ruiz"}], "tags": ["a"]}
    done = api.post("/contacts/bulk", rows, expect=200)
    assert (done["created"], done["updated"], done["duplicate"], done["refused"]) == (0, 1, 1, [])
    order = {"phone": other, "at": "2026-01-01T00:00:00Z", "amount": {"amount": "1", "currency": "EUR"}}
    assert api.post("/orders/bulk", {"orders": [order | {"external_id": "1"}]}, expect=200)["created"] == 1
    assert Contact.objects.count() == 1


def test_what_was_given_back_of_an_order_is_said_with_it(api: Caller) -> None:
    contact = api.post("/contacts", ANA)["id"]
    amount = {"amount": "50.00", "currency": "EUR"}
    order = {"contact": contact, "external_id": "A-18", "amount": amount, "at": "2026-05-01T10:00:00Z"}
    assert api.post("/orders", order)["refunded"]["amount"] == "0.00"
    assert api.post("/orders", order | {"refunded": "20.5"}, expect=200)["refunded"]["amount"] == "20.50"
    # The shop that sends its order again without a word of it takes no refund back.
    assert api.post("/orders", order, expect=200)["refunded"]["amount"] == "20.50"
    assert totals_of(contact).spend == Decimal("29.50")
    api.post("/orders", order | {"refunded": "50.01"}, expect=422)
    api.post("/orders", order | {"refunded": "-1"}, expect=422)
    many = {"phone": ANA["phone"], "external_id": "A-18", "at": order["at"], "amount": amount, "refunded": "50"}
    assert api.post("/orders/bulk", {"orders": [many]}, expect=200)["updated"] == 1
    assert totals_of(contact) is None
    assert api.post("/orders", order | {"refunded": "0"}, expect=200)["refunded"]["amount"] == "0.00"
    assert totals_of(contact).orders == 1
