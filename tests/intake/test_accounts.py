"""What providers say about accounts, numbers and identities has its effect, once however often it is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from envoi.channels.models import Account, Channel
from envoi.contacts import actions as contacts
from envoi.contacts.models import ConsentEntry, Contact, Identity
from envoi.core.events import Person
from envoi.intake import engine
from envoi.team.models import AuditEntry

from .conftest import everything, states
from .meta import NOON, value, webhook

pytestmark = pytest.mark.django_db

Store = Callable[..., list[int]]


def told(store: Store, *bodies: bytes) -> None:
    """Handle these webhooks, then the same ones again, which must change nothing."""
    store(*bodies)
    engine.step()
    before = everything()
    store(*bodies)
    engine.step()
    assert everything() == before


def account_update(**parts: Any) -> bytes:
    return webhook("account_update", parts)


def number(**parts: Any) -> dict[str, Any]:
    return {"display_phone_number": "33639980000", **parts}


def test_a_ban_suspends_the_account_and_its_numbers_until_a_person_goes_on(store: Store, channel: Channel) -> None:
    told(store, account_update(event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"}))
    account = Account.objects.get()
    assert (account.state, account.state_reason) == ("suspended", "Disabled update DISABLE")
    channel.refresh_from_db()
    assert (channel.state, channel.state_reason) == ("suspended", account.state_reason)
    assert AuditEntry.objects.filter(verb="account.suspended").count() == 1

    told(store, account_update(event="DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE"}))
    account.refresh_from_db()
    channel.refresh_from_db()
    assert (account.state, channel.state) == ("suspended", "suspended")
    assert "Try again" in account.said


def test_a_restriction_is_shown_with_its_end_and_stops_no_number(store: Store, channel: Channel) -> None:
    info = [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": NOON + 86_400}]
    told(store, account_update(event="ACCOUNT_RESTRICTION", restriction_info=info))
    account = Account.objects.get()
    assert account.state == "restricted"
    assert account.state_until == datetime.fromtimestamp(NOON + 86_400, UTC)
    assert "RESTRICTED_BIZ_INITIATED_MESSAGING" in account.state_reason
    channel.refresh_from_db()
    assert channel.state == "active"
    told(store, account_update(event="ACCOUNT_RECONNECTED"))
    account.refresh_from_db()
    assert (account.state, account.state_until) == ("active", None)


def test_the_portfolios_limit_is_that_of_all_its_numbers(store: Store, channel: Channel) -> None:
    told(store, webhook("business_capability_update", {"max_daily_conversations_per_business": 10_000}))
    channel.refresh_from_db()
    assert (Account.objects.get().tier, channel.tier) == ("TIER_10K", "TIER_10K")


def test_quality_limit_pace_and_name_of_a_number_move(store: Store, channel: Channel) -> None:
    upgrade = number(event="THROUGHPUT_UPGRADE", current_limit="TIER_UNLIMITED")
    told(store, webhook("phone_number_quality_update", number(event="FLAGGED", current_limit="TIER_2K")))
    told(store, webhook("phone_number_quality_update", upgrade))
    told(store, webhook("phone_number_name_update", number(decision="APPROVED", requested_verified_name="New name")))
    channel.refresh_from_db()
    assert (channel.quality, channel.tier, channel.throughput_per_second, channel.name) == (
        "red",
        "TIER_UNLIMITED",
        1_000,
        "New name",
    )
    assert [line.detail["event"] for line in AuditEntry.objects.order_by("id")] == [
        "FLAGGED",
        "THROUGHPUT_UPGRADE",
        "NAME_APPROVED",
    ]


def test_a_problem_of_a_number_is_told_to_people(store: Store, channel: Channel) -> None:
    told(store, webhook("messages", value(errors=[{"code": 130429, "title": "Rate limit hit"}])))
    channel.refresh_from_db()
    assert "130429" in channel.said
    told(
        store, webhook("phone_number_name_update", number(decision="DECLINED", rejection_reason="NAME_EMPLOYEE_ISSUE"))
    )
    channel.refresh_from_db()
    assert channel.said == "Name declined NAME_EMPLOYEE_ISSUE"


def test_what_concerns_nobody_here_is_noted(store: Store) -> None:
    update = {"event": "FLAGGED", "display_phone_number": "33639989999"}
    store(webhook("phone_number_quality_update", update), changed_number("33639980001", "33639980002"))
    engine.step()
    assert states() == [
        ("done", "ChannelChanged: no number of ours is +33639989999 (FLAGGED)."),
        ("done", ""),  # whoever tells us of a new number has written: they are a contact from that moment
    ]


def changed_number(old: str, new: str) -> bytes:
    system = {"type": "user_changed_number", "body": "x", "wa_id": new}
    message = {"id": f"wamid.{old}", "timestamp": str(NOON), "type": "system", "from": old, "system": system}
    return webhook("messages", value(messages=[message]))


OLD, NEW = "+33639980001", "+33639980002"


def test_who_changes_their_number_is_the_same_customer(store: Store) -> None:
    one = contacts.contact_for_person(Person(phone=OLD, name="Ana"))
    told(store, changed_number("33639980001", "33639980002"))
    found = Contact.objects.get()
    assert (found.pk, found.phone) == (one, NEW)
    assert set(Identity.objects.values_list("value", "contact_id")) == {(OLD, one), (NEW, one)}
    assert contacts.contact_for_person(Person(phone=NEW)) == one
    assert contacts.contact_for_person(Person(phone=OLD)) == one
    line = AuditEntry.objects.get(verb="contacts.identity").detail
    assert (line["old"], line["new"]) == (OLD, NEW)


@pytest.mark.parametrize("who", ["old", "new"])
def test_when_both_numbers_are_known_nothing_is_lost_and_an_opt_out_counts_for_both(store: Store, who: str) -> None:
    old = contacts.contact_for_person(Person(phone=OLD, name="Ana"))
    new = contacts.contact_for_person(Person(phone=NEW, name="Ana B."))
    for one in (old, new):
        contacts.record_consent(one, purpose="marketing", state="granted", source="form")
    contacts.record_consent({"old": old, "new": new}[who], purpose="marketing", state="withdrawn", source="keyword")
    told(store, changed_number("33639980001", "33639980002"))
    assert dict(Identity.objects.values_list("value", "contact_id")) == {OLD: old, NEW: new}
    assert set(Contact.objects.values_list("id", "marketing")) == {(old, "withdrawn"), (new, "withdrawn")}
    # The old number may be a stranger's soon: nobody is written to there.
    assert dict(Contact.objects.values_list("id", "phone")) == {old: None, new: NEW}
    assert ConsentEntry.objects.filter(source="provider").count() == 1


def test_without_a_withdrawal_nobodys_consent_changes(store: Store) -> None:
    old = contacts.contact_for_person(Person(phone=OLD))
    contacts.contact_for_person(Person(phone=NEW))
    contacts.record_consent(old, purpose="marketing", state="granted", source="form")
    told(store, changed_number("33639980001", "33639980002"))
    assert list(Contact.objects.order_by("id").values_list("marketing", flat=True)) == ["granted", "unknown"]


def test_a_new_user_id_leads_to_the_same_customer(store: Store) -> None:
    scope = f"account:{Account.objects.get().pk}"
    one = contacts.contact_for_person(Person(phone=OLD, user_id="FR.1", scope=scope))
    system = {"type": "user_changed_user_id", "body": "x", "user_id": "FR.2"}
    message = {
        "id": "wamid.U",
        "timestamp": str(NOON),
        "type": "system",
        "from": "33639980001",
        "from_user_id": "FR.1",
        "system": system,
    }
    told(store, webhook("messages", value(messages=[message])))
    assert contacts.contact_for_person(Person(user_id="FR.2", scope=scope)) == one
    assert contacts.contact_for_person(Person(user_id="FR.1", scope=scope)) == one
    assert Contact.objects.get().phone == OLD
