from __future__ import annotations
from datetime import timedelta
from decimal import Decimal
import random
import pytest
from playwright.sync_api import expect
from envoi.contacts.models import Attribute, Contact, Tag
from envoi.core import clock
from envoi.orders.actions import NewOrder, add_orders
from envoi.orders import bounds
from envoi.segments import ready, actions, tagging
from envoi.segments.models import Segment
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
OUT = "/tmp/shots"


def test_shots(rig, page, owner):
    import os

    os.makedirs(OUT, exist_ok=True)
    rig.begin(faults="none", door="web")
    rig.shop(customers=0, throughput=25)
    draw = random.Random(1)
    Attribute.objects.create(key="birthday", label="Birthday", kind="date")
    Attribute.objects.create(key="level", label="Loyalty level", kind="choice", choices=["gold", "silver"])
    for t in ("vip", "newsletter", "paris", "trade fair 2026"):
        Tag.objects.create(name=t)
    now = clock.now()
    names = [
        "Ines Wang",
        "Karim Haddad",
        "Li Na",
        "Élodie Girard",
        "Sofia Rossi",
        "Tom Baker",
        "Anna Schmidt",
        "José Ortiz",
    ]
    for n in range(60):
        c = Contact.objects.create(
            phone=f"+3363998{n:04d}",
            name=names[n % 8],
            language="fr",
            country="FR",
            marketing="granted",
            last_inbound_at=now - timedelta(days=draw.choice([1, 3, 20, 60])),
        )
        add_orders(
            [
                NewOrder(
                    c.pk,
                    str(k),
                    now - timedelta(days=draw.choice([3, 20, 80, 200])),
                    Decimal(draw.choice([20, 80, 250, 400])),
                    "EUR",
                )
                for k in range(draw.choice([0, 1, 2, 4]))
            ]
        )
    bounds.refresh()
    ready.take([one.key for one in ready.ready(None)][:14], tags=False, by=None)
    high = Segment.objects.get(ready="high_interacted")
    rule = {
        "all": [
            *high.rule["all"],
            {
                "any": [
                    {"field": "country", "is": "is", "value": ["FR", "BE", "CH"]},
                    {"field": "tag", "is": "has", "value": "vip"},
                    {"field": "attribute:birthday", "is": "anniversary", "value": 14},
                ]
            },
            {
                "not": {
                    "any": [
                        {"field": "campaign.got", "is": "did", "value": {"campaign": None, "days": 7}},
                        {"field": "segment", "is": "in", "value": Segment.objects.get(ready="inactive").pk},
                    ]
                }
            },
        ]
    }
    big = actions.save_segment(name="Good customers nearby", rule=rule, by=owner)
    tagging.start(high.pk, tag="hot", by=owner)
    guests = actions.save_list(name="Guests of the opening", by=owner)
    actions.add_chosen(guests.pk, rule=high.rule, by=owner)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if scheme == "light" and width == 1280:
                sign_in(page)

            def shot(name):
                page.screenshot(path=f"{OUT}/{name}-{scheme}-{width}.png", full_page=True)

            page.goto("/segments/")
            page.wait_for_timeout(1200)
            shot("list")
            page.goto("/segments/new/")
            shot("new")
            page.get_by_role("button", name="What:").first.click()
            page.keyboard.type("or")
            page.wait_for_timeout(200)
            shot("picker")
            page.goto(f"/segments/{big.pk}/")
            page.wait_for_timeout(300)
            shot("big")
            page.locator("#people button", has_text="Why?").first.click() if page.locator(
                "#people button", has_text="Why?"
            ).count() else None
            page.get_by_label("Why is somebody in, or out?").fill("Karim")
            page.keyboard.press("Enter")
            page.wait_for_timeout(500)
            shot("why")
            page.goto(f"/segments/{high.pk}/")
            page.wait_for_timeout(300)
            shot("high")
            page.goto(f"/segments/{guests.pk}/")
            shot("guests")
            page.goto("/segments/ready/")
            shot("ready")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
