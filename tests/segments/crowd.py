"""Sixty people of every kind, and what each rule means for one of them, said in plain Python.

Days are chosen by halves and no birthday is near the edge of a stretch, so that no clock decides a test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from envoi.channels.models import Account, Channel
from envoi.contacts import actions as people
from envoi.contacts.models import Attribute, Contact
from envoi.core import clock
from envoi.core.events import Person
from envoi.core.vault import seal
from envoi.messaging.activity_tables import Activity
from envoi.messaging.models import Message
from envoi.orders import bounds
from envoi.orders.actions import NewOrder, add_orders, refund
from envoi.orders.models import Order, OrderTotals, RfmBounds
from envoi.segments import actions
from envoi.segments.fields import RFM
from envoi.segments.models import Segment
from envoi.team.models import Staff

TAGS = ["vip", "a'b", "100%", "%(r1)s"]
LANGUAGES = ["fr", "fr-ca", "zh-hans", "en", ""]
COUNTRIES = ["FR", "CN", ""]
NAMES = ["Élodie Girard", "100% sure", "a_b", "", "ann"]
CITIES = ["Lyon", "lyon", "", None, 5, "50%"]
LEVELS = ["gold", "silver", None]
BEHAVIOUR = ("sent", "got", "read", "clicked", "replied", "bought")
DAYS_AGO = [0.5, 5.5, 20.5, 60.5, 200.5]


def a_crowd() -> None:
    """Make the people, their orders, messages and habits; segments “Buyers” (a rule) and “Guests” (a list)."""
    draw = random.Random(3)
    _define_attributes()
    owner = Staff.objects.create(email="ana@example.com", role="agent", name="Ana")
    channel = _channel()
    for number in range(60):
        contact_id = people.contact_for_person(Person(phone=f"+3363998{number:04d}"))
        _fill(contact_id, draw, owner)
        _orders(contact_id, draw)
        _messages(contact_id, channel, draw)
    # As long as the worker has not been there, what is stored for some is out of date.
    OrderTotals.objects.filter(contact_id__in=list(Contact.objects.values_list("pk", flat=True)[::4])).update(
        fresh_until=clock.now() - timedelta(minutes=1), orders_30=9, orders_90=9, orders_365=9
    )
    bounds.refresh()
    buyers = {"field": "orders.count", "is": ">", "value": 0}
    actions.save_segment(name="Buyers", rule=buyers, by=None)
    guests = actions.save_list(name="Guests", by=None)
    actions.add_people(guests.pk, list(Contact.objects.order_by("pk").values_list("pk", flat=True)[::3]))
    not_buyers = {"not": {"field": "segment", "is": "in", "value": Segment.objects.get(name="Buyers").pk}}
    actions.save_segment(name="Others", rule=not_buyers, by=None)


def facts() -> dict[int, dict[str, Any]]:
    """All that a rule may ask, contact by contact."""
    return {contact.pk: _facts(contact) for contact in Contact.objects.all()}


def holds(rule: dict[str, Any], known: dict[str, Any]) -> bool:
    """What a rule means."""
    if "all" in rule:
        return all(holds(part, known) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, known) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], known)
    contrary = {
        "has_not": "has", "is_not": "is", "not_in": "in", "unset": "set", "no": "yes", "did_not": "did",
        "contains_not": "contains", "not_within": "within", "not_since_days": "since_days",
    }  # fmt: skip
    operator = rule["is"]
    answer = _leaf(rule["field"], contrary.get(operator, operator), rule.get("value"), known)
    return not answer if operator in contrary else answer


def _leaf(name: str, operator: str, value: Any, known: dict[str, Any]) -> bool:
    found = known[name]
    several = value if isinstance(value, list) else [value]
    if isinstance(found, Callable):  # type: ignore[arg-type]
        return bool(found(operator, value))
    match operator:
        case "has":
            return any(one in found for one in several)
        case "is" if name == "language":
            return any(found == one.lower() or found.startswith(one.lower() + "-") for one in several)
        case "is" if name in ("name", "attribute:city"):
            return isinstance(found, str) and found.lower() == value.lower()
        case "is":
            return found is not None and str(found).upper() in [str(one).upper() for one in several]
        case "contains":
            return isinstance(found, str) and value.lower() in found.lower()
        case "starts":
            return isinstance(found, str) and found.lower().startswith(value.lower())
        case "set":
            return found not in (None, "")
        case "yes":
            return found is True
        case "in":
            return value in found
        case "within":
            return found is not None and found <= value
        case "between":
            return found is not None and value[0] <= found <= value[1]
    if found is None:
        return False
    compare = {
        "=": lambda: found == value,
        "<": lambda: found < value,
        "<=": lambda: found <= value,
        ">": lambda: found > value,
        ">=": lambda: found >= value,
    }
    return compare[operator]()


def _define_attributes() -> None:
    for key, kind, choices in (
        ("city", "text", []),
        ("points", "number", []),
        ("born", "date", []),
        ("club", "boolean", []),
        ("level", "choice", ["gold", "silver"]),
    ):
        Attribute.objects.create(key=key, label=key.capitalize(), kind=kind, choices=choices)


def _channel() -> Channel:
    account = Account.objects.create(
        provider="meta", name="Shop", provider_id="1", credentials=seal({"token": "t"}), hook_key="crowd"
    )
    return Channel.objects.create(
        account=account, name="Shop", address="+33639980000", provider_id="2", throughput_per_second=80
    )


def _fill(contact_id: int, draw: random.Random, owner: Staff) -> None:
    now = clock.now()
    values = {
        "city": draw.choice(CITIES),
        "points": draw.choice([None, -5, 0, 10, 99.5, "many"]),
        "born": draw.choice([None, "soon", _birthday(1), _birthday(3), _birthday(-40), _birthday(100)]),
        "club": draw.choice([None, True, False, "yes"]),
        "level": draw.choice(LEVELS),
    }
    wrote = draw.choice([None, now - timedelta(days=draw.choice(DAYS_AGO))])
    Contact.objects.filter(pk=contact_id).update(
        name=draw.choice(NAMES),
        language=draw.choice(LANGUAGES),
        country=draw.choice(COUNTRIES),
        timezone=draw.choice(["Europe/Paris", "Asia/Shanghai", ""]),
        marketing=draw.choice(["unknown", "granted", "withdrawn"]),
        service=draw.choice(["unknown", "granted", "withdrawn"]),
        attributes={key: value for key, value in values.items() if value is not None},
        created_at=now - timedelta(days=draw.choice(DAYS_AGO)),
        last_inbound_at=wrote,
        window_open_until=wrote and wrote + timedelta(days=1),
        owner=draw.choice([None, owner]),
        source=draw.choice(["import", "inbound", "api", ""]),
        blocked_at=draw.choice([None, None, now]),
        phone=draw.choice([None, f"+3363998{contact_id % 10_000:04d}"]),
    )
    if draw.random() < 0.5:
        seen = now - timedelta(days=draw.choice(DAYS_AGO))
        Activity.objects.create(contact_id=contact_id, last_seen_at=draw.choice([None, seen]))
    for tag in TAGS:
        if draw.random() < 0.3:
            people.tag([contact_id], name=tag)


def _birthday(days: int) -> str:
    """A date of birth whose anniversary is so many days from today, forty years ago."""
    day = clock.now().date() + timedelta(days=days)
    return date(day.year - 40, day.month, min(day.day, 28)).isoformat()


def _orders(contact_id: int, draw: random.Random) -> None:
    made = [
        NewOrder(
            contact_id,
            str(one),
            clock.now() - timedelta(days=draw.choice([0.5, 15.5, 45.5, 100.5, 400.5])),
            Decimal(draw.choice(["10.00", "0.00", "99.99", "250.00"])),
            "EUR",
            items=draw.choice([[], [{"sku": "A-1", "name": "Tea"}], [{"sku": "B'2"}, {"name": "Pot"}]]),
        )
        for one in range(draw.choice([0, 0, 1, 2, 5]))
    ]
    add_orders(made)
    if made and draw.random() < 0.2 and made[0].amount:
        refund(contact_id, "0")


def _messages(contact_id: int, channel: Channel, draw: random.Random) -> None:
    """Campaigns 7 and 8, each perhaps; perhaps an answer a day or five days later, perhaps by a button."""
    for campaign in (7, 8):
        state = draw.choice([None, "skipped", "failed", "accepted", "sent", "delivered", "read"])
        if state is None:
            continue
        at = clock.now() - timedelta(days=draw.choice([8.5, 30.5]))
        gone = state in ("accepted", "sent", "delivered", "read")
        Message.objects.create(
            contact_id=contact_id, channel=channel, campaign_id=campaign, direction="out", kind="template",
            category="marketing", state=state, accepted_at=at if gone else None,
            provider_id=f"out-{campaign}-{contact_id}",
        )  # fmt: skip
        if draw.random() < 0.5:
            answer = Message.objects.create(
                contact_id=contact_id, channel=channel, direction="in", kind=draw.choice(["text", "button"]),
                category="service", state="received", provider_id=f"in-{campaign}-{contact_id}",
                reply_to=draw.choice(["", f"out-{campaign}-{contact_id}"]),
            )  # fmt: skip
            when = at + timedelta(days=draw.choice([1, 5]))
            with connection.cursor() as cursor:
                cursor.execute("UPDATE messages SET created_at = %s WHERE id = %s", [when, answer.id])


def _facts(contact: Contact) -> dict[str, Any]:
    def days(at: Any) -> float | None:
        return (clock.now() - at).total_seconds() / 86_400 if at else None

    totals = OrderTotals.objects.filter(contact=contact).first()
    orders = [one for one in Order.objects.filter(contact=contact) if not one.refunded or one.refunded < one.amount]
    seen = Activity.objects.filter(contact=contact).values_list("last_seen_at", flat=True).first()
    touched = max((at for at in (contact.last_inbound_at, seen) if at), default=None)
    scores = _scores(totals)
    named = [
        name
        for name, (_label, (recency, frequency)) in RFM.items()
        if scores and recency[0] <= scores[0] <= recency[1] and frequency[0] <= scores[1] <= frequency[1]
    ]
    messages = list(Message.objects.filter(contact=contact))
    born = contact.attributes.get("born")
    points = contact.attributes.get("points")
    since = lambda limit: [one for one in orders if days(one.at) <= limit]  # noqa: E731
    last_act = max((at for at in (touched, totals.last_at if totals else None) if at), default=None)
    return {
        "tag": {one.tag.name for one in contact.tagged.select_related("tag")},
        "name": contact.name,
        "language": contact.language,
        "country": contact.country,
        "timezone": contact.timezone,
        "marketing": contact.marketing,
        "service": contact.service,
        "phone_known": contact.phone is not None,
        "blocked": contact.blocked_at is not None,
        "owner": contact.owner_id,
        "source": contact.source,
        "contact.created_days": days(contact.created_at),
        "orders.count": len(orders),
        "orders.30": len(since(30)),
        "orders.90": len(since(90)),
        "orders.365": len(since(365)),
        "orders.spend": sum((one.amount - one.refunded for one in orders), Decimal(0)),
        "orders.average": totals.spend / totals.orders if totals else None,
        "orders.last_days": days(max(one.at for one in orders)) if orders else None,
        "orders.first_days": days(min(one.at for one in orders)) if orders else None,
        "product": lambda _is, wanted: any(
            wanted["product"] in (item.get("sku"), item.get("name"))
            for one in (since(wanted["days"]) if wanted.get("days") else orders)
            for item in one.items
        ),
        "rfm.segment": named[0] if named else None,
        "rfm.recency": scores[0] if scores else None,
        "rfm.frequency": scores[1] if scores else None,
        "rfm.monetary": scores[2] if scores else None,
        "inbound_days": days(contact.last_inbound_at),
        "interacted_days": days(touched),
        "inactive_days": lambda _is, n: days(contact.created_at) > n and (last_act is None or days(last_act) > n),
        "wrote": contact.last_inbound_at is not None,
        "window_open": contact.window_open_until is not None and contact.window_open_until > clock.now(),
        "segment": _memberships(contact, orders),
        "attribute:city": str(city) if (city := contact.attributes.get("city")) is not None else None,
        "attribute:points": points if isinstance(points, int | float) else None,
        "attribute:club": _club(contact.attributes.get("club")),
        "attribute:level": contact.attributes.get("level"),
        "attribute:born": lambda operator, value: _born(born, operator, value),
        **{f"campaign.{what}": _campaign(what, messages, orders) for what in BEHAVIOUR},
    }


def _club(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _scores(totals: OrderTotals | None) -> tuple[int, int, int] | None:
    newest = RfmBounds.objects.order_by("-at").first()
    if totals is None or newest is None:
        return None
    values = ((totals.last_at, newest.recency), (totals.orders, newest.frequency), (totals.spend, newest.monetary))
    return tuple(1 + sum(value > bound for bound in limits) for value, limits in values)  # type: ignore[return-value]


def _memberships(contact: Contact, orders: list[Order]) -> set[int]:
    ids = dict(Segment.objects.values_list("name", "pk"))
    found = {ids["Buyers"] if orders else ids["Others"]}
    guests = list(Contact.objects.order_by("pk").values_list("pk", flat=True)[::3])
    return found | ({ids["Guests"]} if contact.pk in guests else set())


def _born(value: Any, operator: str, asked: Any) -> bool:
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return False
    today = clock.now().date()
    week = [today - timedelta(days=today.weekday()) + timedelta(days=n) for n in range(7)]
    match operator:
        case "set":
            return True
        case "on":
            return day.isoformat() == asked
        case "since":
            return day.isoformat() >= asked
        case "before":
            return day.isoformat() < asked
        case "between_dates":
            return asked[0] <= day.isoformat() <= asked[1]
        case "within":
            return today - timedelta(days=asked) <= day <= today
        case "coming":
            return today <= day <= today + timedelta(days=asked)
        case "anniversary_week":
            return (day.month, day.day) in [(one.month, one.day) for one in week]
        case _:
            coming = [today + timedelta(days=n) for n in range(min(asked, 366) + 1)]
            return (day.month, day.day) in [(one.month, one.day) for one in coming]


def _campaign(what: str, messages: list[Message], orders: list[Order]) -> Callable[[str, Any], bool]:
    def answered(sent: Message, answer: Message) -> bool:
        delay = (answer.created_at - sent.accepted_at).total_seconds()
        return -1 <= delay < 3 * 86_400

    def happened(sent: Message, answers: list[Message]) -> bool:
        match what:
            case "sent":
                return True
            case "got":
                return sent.state in ("delivered", "read")
            case "read":
                return sent.state == "read"
            case "replied":
                return any(answered(sent, one) for one in answers)
        tapped = [one for one in answers if one.kind == "button"]
        return any(one.reply_to == sent.provider_id or (not one.reply_to and answered(sent, one)) for one in tapped)

    def did(_is: str, asked: Any) -> bool:
        limit = asked.get("days")
        for sent in messages:
            if sent.direction == "in" or sent.campaign_id is None or sent.accepted_at is None:
                continue
            if asked.get("campaign") not in (None, sent.campaign_id):
                continue
            if what == "bought":
                last = sent.accepted_at + timedelta(days=limit or 7)
                if any(sent.accepted_at <= one.at < last for one in orders):
                    return True
                continue
            if limit and (clock.now() - sent.accepted_at).total_seconds() > limit * 86_400:
                continue
            if happened(sent, [one for one in messages if one.direction == "in"]):
                return True
        return False

    return did
