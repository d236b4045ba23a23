"""Made-up customers for real purchases: the same seed gives the same people. Numbers lie in ranges kept for fiction."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

PURCHASES = Path(__file__).with_name("cdnow_sample.csv")
LAST_DAY = datetime(1998, 6, 30, tzinfo=UTC)

# (given names, family names), of the commonest in each language, combined by chance.
FRENCH = (
    """Alice Bruno Chloé Denis Élodie Fabrice Gaëlle Hugo Inès Julien Karine Louis Manon Nicolas Océane Paul Rachida
    Samir Théo Valérie""".split(),
    """Arnaud Besson Chauvin Delorme Étienne Fontaine Girard Humbert Jacquet Lambert Marchand Noël Perrin Renaud
    Sauvage Tessier Vasseur""".split(),
)
ENGLISH = (
    """Amy Ben Carol Daniel Ellie Frank Grace Harry Isla Jack Kate Liam Mia Noah Olive Peter Ruth Sam Tess
    Will""".split(),
    """Archer Bailey Carter Dixon Ellis Fletcher Gibson Harper Irving Jordan Keane Lloyd Mercer Norris
    Porter""".split(),
)
CHINESE = (list("王李张刘陈杨黄赵吴周"), list("伟芳娜敏静丽强磊洋艳勇军"))

# E.164 numbers that no one has: France +33 6 39 98, United Kingdom +44 7700 900, North America 555-01xx.
FRENCH_NUMBERS = 9_999  # +33 6 39 98 00 00 is the shop itself
BRITISH_NUMBERS = 1_000
AREA_CODES = [*range(201, 300), *range(301, 400), *range(401, 500)]
MOST = FRENCH_NUMBERS + BRITISH_NUMBERS + 100 * len(AREA_CODES)


@dataclass(frozen=True, slots=True)
class Person:
    """One customer of the shop, as its CSV has them. consent is "yes", "no" or "" (never asked)."""

    number: str
    name: str
    phone: str
    language: str
    consent: str
    tags: str


def people(count: int, *, seed: int) -> Iterator[Person]:
    """`count` customers, at most MOST: about six in ten French, a third British, a few American."""
    draw = random.Random(f"people {seed}")  # noqa: S311
    phones = list(_phones(count))
    for position in range(count):
        phone = phones[position]
        if phone.startswith("+33"):
            language = "zh-hans" if draw.random() < 0.08 else "fr"
        else:
            language = "en"
        first, last = {"fr": FRENCH, "en": ENGLISH, "zh-hans": CHINESE}[language]
        name = (
            draw.choice(first) + draw.choice(last)
            if language == "zh-hans"
            else f"{draw.choice(first)} {draw.choice(last)}"
        )
        fate = draw.random()
        yield Person(
            number=f"{position + 1:06d}",
            name="" if draw.random() < 0.01 else name,
            phone=phone,
            language=language,
            consent="yes" if fate < 0.88 else "no" if fate < 0.92 else "",
            tags=";".join(tag for tag, share in (("newsletter", 0.4), ("vinyl", 0.12)) if draw.random() < share),
        )


def _phones(count: int) -> Iterator[str]:
    # Interleaved, so that a small shop too has all three countries; a country that runs out leaves its turns.
    french = (f"+3363998{number:04d}" for number in range(1, FRENCH_NUMBERS + 1))
    british = (f"+447700900{number:03d}" for number in range(BRITISH_NUMBERS))
    american = (f"+1{area}55501{number:02d}" for number in range(100) for area in AREA_CODES)
    turns = [french] * 13 + [british] * 6 + [american]
    made = 0
    while made < count:
        for source in turns:
            phone = next(source, None)
            if phone is not None:
                made += 1
                yield phone


def write_contacts(file: TextIO, count: int, *, seed: int) -> None:
    """The shop's customers as the CSV that is imported."""
    out = csv.writer(file)
    out.writerow(["customer", "name", "phone", "language", "consent", "tags"])
    for one in people(count, seed=seed):
        out.writerow([one.number, one.name, one.phone, one.language, one.consent, one.tags])


def write_orders(file: TextIO, count: int, *, today: datetime) -> None:
    """The CDNOW purchases as orders of these customers, moved in time so that the last day of the data is yesterday.

    With more customers than the data has, the purchases repeat.
    """
    by_customer: dict[str, list[list[str]]] = {}
    with PURCHASES.open(newline="") as source:
        for row in list(csv.reader(source))[1:]:
            by_customer.setdefault(row[0], []).append(row)
    histories = list(by_customer.values())
    shift = (today - timedelta(days=1)).date() - LAST_DAY.date()
    out = csv.writer(file)
    out.writerow(["customer", "date", "quantity", "amount", "currency"])
    for position in range(count):
        for _, day, quantity, amount in histories[position % len(histories)]:
            moved = datetime.fromisoformat(day).date() + shift
            out.writerow([f"{position + 1:06d}", moved.isoformat(), quantity, amount, "USD"])
