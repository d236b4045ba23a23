"""The demo shop's counter: who answers there, with what kept words and rules, and what some customers have written."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from ...contacts.models import Contact
from ...inbox import canned
from ...replies import actions as replies
from ...replies import codes, ready
from ...replies.models import PromoPool
from ...team import actions as team
from ...team import teams
from ...team.models import Staff, Team

EMAIL = "agent@shop.example"
TEAM = "Counter"
CODES = 200

# (shortcut, title, language, text)
CANNED = (
    (
        "sent",
        "It is on its way",
        "en",
        "Good news, {{first_name}}: your order is on its way: three days at most.",
    ),
    (
        "parti",
        "C’est parti",
        "fr",
        "Bonne nouvelle, {{first_name}} : votre commande arrive sous trois jours.",
    ),
    ("scratch", "A damaged record", "en", "I am sorry! Keep the record: a new one leaves today, at no cost to you."),
    ("raye", "Un disque abîmé", "fr", "Je suis désolée ! Gardez le disque : un autre part aujourd’hui, sans frais."),
)
# (language of the customer, what they write): for rules, and for people.
WRITTEN = (
    ("en", "Hello! Can I still change the delivery address?"),
    ("fr", "Bonjour, une réduction pour une cliente fidèle ?"),
    ("fr", "Le disque est arrivé rayé. Que dois-je faire ?"),
    ("en", "Do you have any jazz on vinyl under 20 euros?"),
    ("zh-hans", "你好，请问现在有优惠吗？"),
    ("en", "Where is my order?"),
    ("fr", "Merci beaucoup"),
    ("zh-hans", "我想退一张唱片。"),
    ("en", "Two of the three records came. Is the third one still on its way?"),
    ("fr", "Puis-je passer chercher ma commande samedi ?"),
)


def is_open() -> bool:
    """Whether the counter is set up already."""
    return Team.objects.filter(name=TEAM).exists()


def open_counter(owner: Staff, *, password: str) -> Staff:
    """An agent, a team, kept answers, and the ready-made rules that need nothing further; returns the agent."""
    agent = team.add_staff(email=EMAIL, role=Staff.Role.AGENT, password=password, name="Shop agent", by=owner)
    counter = teams.make(TEAM, by=owner)
    teams.change(counter.pk, name=TEAM, members=[agent.pk], leads=[owner.pk], by=owner)
    for shortcut, title, language, text in CANNED:
        canned.add(shortcut=shortcut, title=title, language=language, text=text, by=owner)
    rules = ready.take(["promo", "order", "thanks"], by=owner)
    pool = PromoPool.objects.get()
    codes.add_codes(pool.pk, "\n".join(f"RECORDS-{secrets.token_hex(4).upper()}" for _ in range(CODES)), by=owner)
    for rule in rules:
        if not rule.enabled:
            replies.set_enabled(rule.pk, True, by=owner)
    return agent


def write(say: Callable[[str, str], object]) -> int:
    """Let customers write what is WRITTEN, each somebody else, by `say(phone, text)`; returns how many did."""
    wrote: set[int] = set()
    for language, text in WRITTEN:
        person = (
            Contact.objects.filter(language=language, phone__isnull=False)
            .exclude(pk__in=wrote)
            .exclude(name="")
            .order_by("pk")
            .first()
        )
        if person is not None and person.phone:
            wrote.add(person.pk)
            say(person.phone, text)
    return len(wrote)
