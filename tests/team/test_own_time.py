"""Times are shown and read by the reader's own clock; where it is not known, by that of the company's opening hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from envoi.contacts.models import Contact, Note
from envoi.orders.actions import NewOrder, add_orders
from envoi.team import opening
from envoi.team.actions import note
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db

NIGHT = datetime(2024, 3, 9, 23, 30, tzinfo=UTC)


@pytest.fixture
def client(owner: Staff) -> Client:
    one = Client()
    one.force_login(owner)
    return one


def added(client: Client) -> str:
    Contact.objects.update_or_create(phone="+33639980001", defaults={"name": "Zoé", "created_at": NIGHT})
    return client.get("/contacts/").content.decode()


def test_the_browsers_zone_is_the_readers(client: Client) -> None:
    client.cookies["envoi_zone"] = "Asia/Tokyo"
    assert "10 Mar 2024" in added(client)
    client.cookies["envoi_zone"] = "America/New_York"
    assert "9 Mar 2024" in added(client)


def test_without_one_the_companys_opening_hours_say_it(client: Client) -> None:
    assert "9 Mar 2024" in added(client)
    opening.set_hours(None, zone="Europe/Paris", week=["09:00-18:00"] * 7, by=None)
    assert "10 Mar 2024" in added(client)


@pytest.mark.parametrize("told", ["Mars/Olympus", "../../etc/passwd", "", "x" * 3000, "\u00e9"])
def test_what_names_no_zone_is_left_aside(client: Client, told: str) -> None:
    client.cookies["envoi_zone"] = told
    assert "9 Mar 2024" in added(client)


def test_every_page_of_times_shows_the_same_clock(client: Client, owner: Staff) -> None:
    client.cookies["envoi_zone"] = "Asia/Kolkata"
    now = datetime.now(UTC).replace(hour=6, minute=2) - timedelta(days=1)
    contact = Contact.objects.create(phone="+33639980002", name="Ana", created_at=now)
    Note.objects.create(contact=contact, text="A regular", by=owner)
    Note.objects.update(at=now)
    note(owner, "contacts.export", "contacts", {})
    AuditEntry.objects.update(at=now)
    for path in ("/contacts/", f"/contacts/{contact.pk}/", "/team/audit/"):
        assert "11:32" in client.get(path).content.decode(), path
        assert "06:02" not in client.get(path).content.decode(), path


def test_what_has_only_its_day_keeps_it_everywhere(client: Client) -> None:
    client.cookies["envoi_zone"] = "America/New_York"
    contact = Contact.objects.create(phone="+33639980003", name="Leo")
    bought = datetime(2024, 3, 9, tzinfo=UTC)
    add_orders([NewOrder(contact.pk, "A-1", at=bought, amount=Decimal(20), currency="EUR")])
    html = client.get(f"/contacts/{contact.pk}/").content.decode()
    assert "9 Mar 2024" in html
    assert "8 Mar 2024" not in html


@pytest.mark.parametrize(("zone", "day"), [("Europe/Paris", "2024-03-10"), ("America/New_York", "2024-03-09")])
def test_the_audit_logs_days_are_the_readers(client: Client, owner: Staff, zone: str, day: str) -> None:
    note(owner, "staff.force_out", "staff/1", {})
    AuditEntry.objects.update(at=NIGHT)
    client.cookies["envoi_zone"] = zone
    other = {"2024-03-10": "2024-03-09", "2024-03-09": "2024-03-10"}[day]
    assert _rows(client, day) == 1
    assert _rows(client, other) == 0


def _rows(client: Client, day: str) -> int:
    told = b"".join(client.get("/team/audit/export", {"since": day, "until": day}))  # type: ignore[arg-type]
    return told.decode().count("Signed somebody out everywhere")
