"""Who is who: from a phone or a provider's id to one contact, however many ask at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..channels.queries import PORTFOLIO_KEY
from ..core.errors import BadInput
from ..core.events import Person
from ..core.phone import country_of, country_of_user_id, line_of
from . import erased
from .models import Contact, Identity
from .names import plain_name

# (kind, value, scope): see models.Identity
Key = tuple[str, str, str]
NOBODY: Mapping[Key, int] = {}


@transaction.atomic
def contact_for_person(person: Person, *, country: str = "", source: str = "inbound") -> int:
    """The id of the contact who is this person, made when nobody is.

    A key that is new to us (their phone, say, when only the user id was known) is added to the same contact, and
    an empty name filled; the contact, its keys and its name commit together. When phone and user id belong to two
    contacts, the user id decides: WhatsApp gives it to one person, while numbers change hands.
    Two callers at once get the same contact. source: how who is made came to be known (models.Source).
    Raises BadInput for a person without any key.
    """
    contact_id = _found_or_made(person, country=country, source=source)
    fill_in([(contact_id, person)])
    return contact_id


@transaction.atomic(savepoint=False)  # in intake's transaction, once a batch
def contacts_for_people(people: Sequence[Person], *, owners: dict[Key, int] | None = None) -> list[int]:
    """`contact_for_person` for a whole batch, in a handful of statements; nobody's row is locked or changed.

    Call `fill_in` afterwards, with the rows held in the order of their ids. Raises BadInput like the other.
    owners: where to note whose each key is, for `everybody_with_a_key`.
    """
    keys = [keys_of(person) for person in people]
    owners = {} if owners is None else owners
    owners |= _owners_of({key for each in keys for key in each})
    new: dict[tuple[Key, ...], Person] = {}
    for each, person in zip(keys, people, strict=True):
        if not any(key in owners for key in each):
            new.setdefault(each, person)
    # Who shares a key with another newcomer of the same batch, or has a key new to us, is looked at one by one.
    shared = Counter(key for each in new for key in each)
    made = _make_all({each: person for each, person in new.items() if all(shared[key] == 1 for key in each)})
    if made:
        erased.meet(set(made.values()))
    owners |= made
    found = []
    for each, person in zip(keys, people, strict=True):
        if not all(key in owners for key in each):
            _found_or_made(person)
            owners |= _owners_of(each)
        # The user id decides; it is the last of the keys.
        found.append(owners[each[-1]])
    return found


def everybody_with_a_key(people: Iterable[Person], *, owners: Mapping[Key, int] = NOBODY) -> list[int]:
    """The ids of all contacts that own a key of one of these people; owners: whose keys have just been found."""
    keys = {key for person in people for key in keys_of(person)}
    known = {owners[key] for key in keys if key in owners}
    return sorted(known | set(_owners_of(keys - owners.keys()).values()))


def _found_or_made(person: Person, *, country: str = "", source: str = "inbound") -> int:
    keys = keys_of(person)
    known = owners_by_kind(keys)
    contact_id = known.get("user_id") or known.get("phone")
    if contact_id is None:
        return _made(keys, person, country=country, source=source)
    if missing := [key for key in keys if key[0] not in known]:
        link(contact_id, missing)
        erased.meet([contact_id])
    return contact_id


def keys_of(person: Person) -> tuple[Key, ...]:
    """A person's keys: the line of their phone, and their id within its portfolio. Raises BadInput without any."""
    keys: list[Key] = []
    if person.phone:
        keys.append(("phone", line_of(person.phone), ""))
    if person.user_id:
        keys.append(("user_id", person.user_id, person.scope))
    if not keys:
        raise BadInput(_("This person has neither a phone nor an id."))
    return tuple(keys)


def written(phone: str | None) -> str | None:
    """How a number that came from WhatsApp is kept and written to.

    In Argentina WhatsApp alone knows whether a 9 belongs to it: a landline that writes has none.
    """
    return phone if phone is None or phone.startswith("+54") else line_of(phone)


def _owners_of(keys: Iterable[Key]) -> dict[Key, int]:
    asked = list(keys)
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, value, scope, contact_id
              FROM unnest(%(kinds)s::text[], %(values)s::text[], %(scopes)s::text[]) AS asked (kind, value, scope)
              JOIN identities USING (kind, value, scope)
            """,
            {
                "kinds": [key[0] for key in asked],
                "values": [key[1] for key in asked],
                "scopes": [key[2] for key in asked],
            },
        )
        return {(kind, value, scope): contact_id for kind, value, scope, contact_id in cursor.fetchall()}


def _country_of(person: Person) -> str:
    return country_of(line_of(person.phone)) if person.phone else country_of_user_id(person.user_id or "")


def _make_all(newcomers: Mapping[tuple[Key, ...], Person]) -> dict[Key, int]:
    """New contacts, each with keys of its own; whoever was quicker keeps a key. Returns the owners of all keys.

    Inserted in the order of the keys: two callers with the same newcomers wait for each other once, not in a circle.
    """
    if not newcomers:
        return {}
    people = sorted(newcomers.items())
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('contacts_id_seq') FROM generate_series(1, %(count)s)", {"count": len(people)})
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """
            INSERT INTO contacts (id, phone, name, language, country, timezone, marketing, service, source)
            SELECT id, phone, name, '', country, '', 'unknown', 'unknown', 'inbound'
              FROM unnest(%(ids)s::bigint[], %(phones)s::text[], %(names)s::text[], %(countries)s::text[])
                   AS n (id, phone, name, country)
            """,
            {
                "ids": ids,
                "phones": [written(person.phone) for _keys, person in people],
                "names": [plain_name(person.name) for _keys, person in people],
                "countries": [_country_of(person) for _keys, person in people],
            },
        )
        rows = sorted((key, number) for number, (keys, _) in zip(ids, people, strict=True) for key in keys)
        cursor.execute(
            """
            INSERT INTO identities (kind, value, scope, contact_id)
            SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[], %(scopes)s::text[], %(ids)s::bigint[])
                ON CONFLICT DO NOTHING
            """,
            {
                "kinds": [key[0] for key, _number in rows],
                "values": [key[1] for key, _number in rows],
                "scopes": [key[2] for key, _number in rows],
                "ids": [number for _key, number in rows],
            },
        )
        if cursor.rowcount < len(rows):
            # Somebody was quicker. What is ours of such a person goes to who was there first, one by one.
            owners = _owners_of(key for key, _number in rows)
            lost = {number for key, number in rows if owners[key] != number}
            cursor.execute("DELETE FROM identities WHERE contact_id = ANY(%(ids)s)", {"ids": list(lost)})
            cursor.execute("DELETE FROM contacts WHERE id = ANY(%(ids)s)", {"ids": list(lost)})
            return {key: number for key, number in owners.items() if number not in lost}
    return dict(rows)


def everybody_with_a_key_of(person: Person) -> list[int]:
    """The ids of all contacts that own one of this person's keys, in order: usually one, two while they are not merged.

    Whoever says stop is not asked which of our records they are.
    """
    return everybody_with_a_key([person])


def owners_by_kind(keys: Iterable[Key]) -> dict[str, int]:
    """Which contact has each of the keys, by the key's kind."""
    return {key[0]: owner for key, owner in _owners_of(keys).items()}


def _made(keys: Sequence[Key], person: Person, *, country: str, source: str) -> int:
    """A new contact with these keys, or whoever got one of them first.

    The insert of a key that somebody else is inserting waits for them, and then finds the key taken.
    """
    phone = person.phone
    contact = Contact.objects.create(
        phone=written(phone),
        name=plain_name(person.name),
        country=country or _country_of(person),
        source=source,
    )
    if link(contact.pk, keys) == len(keys):
        erased.meet([contact.pk])
        return contact.pk
    owners = owners_by_kind(keys)
    first = next(
        owner for kind in ("user_id", "phone") if (owner := owners.get(kind)) is not None and owner != contact.pk
    )
    Identity.objects.filter(contact_id=contact.pk).update(contact_id=first)
    contact.delete()
    return first


def link(contact_id: int, keys: Iterable[Key]) -> int:
    """Give keys to a contact unless they are taken; returns how many it got. Sorted: nobody waits in a circle."""
    with connection.cursor() as cursor:
        got = 0
        for kind, value, scope in sorted(keys):
            cursor.execute(
                """
                INSERT INTO identities (kind, value, scope, contact_id)
                VALUES (%(kind)s, %(value)s, %(scope)s, %(contact_id)s)
                    ON CONFLICT DO NOTHING
                """,
                {"kind": kind, "value": value, "scope": scope, "contact_id": contact_id},
            )
            got += cursor.rowcount
    return got


# One probe of identities_pkey for each who has no phone, and none for the others: joined, all keys of a table that had
# grown since it was last analysed were read.
OWN = """
FROM identities own
WHERE own.kind = 'phone' AND own.value = n.line AND own.contact_id = n.id
LIMIT 1
"""


def fill_in(people: Iterable[tuple[int, Person]]) -> None:
    """Fill contacts' names and phones where empty, only a phone that is the contact's own; follow their usernames."""
    told: dict[int, tuple[str, str, str | None]] = {}
    for contact_id, person in people:
        name, username, phone = told.get(contact_id, ("", "", None))
        username = shortened(person.username, 60) or username
        told[contact_id] = (name or plain_name(person.name), username, phone or person.phone)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE contacts c
               SET name = CASE WHEN c.name = '' THEN n.name ELSE c.name END,
                   username = COALESCE(NULLIF(n.username, ''), c.username),
                   phone = COALESCE(c.phone, (SELECT n.phone {OWN})),
                   updated_at = now()
              FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(usernames)s::text[], %(phones)s::text[],
                          %(lines)s::text[]) AS n (id, name, username, phone, line)
             WHERE c.id = n.id
               AND ((c.name = '' AND n.name <> '') OR (c.phone IS NULL AND (SELECT true {OWN}))
                    OR (n.username <> '' AND c.username <> n.username))
            """,  # noqa: S608  (our own text)
            {
                "ids": list(told),
                "names": [name for name, _username, _phone in told.values()],
                "usernames": [username for _name, username, _phone in told.values()],
                "phones": [written(phone) for _name, _username, phone in told.values()],
                "lines": [phone and line_of(phone) for _name, _username, phone in told.values()],
            },
        )


@transaction.atomic
def rescope(account_id: int, before: str) -> int:
    """User ids of an account hold in its business as it is known now; returns how many moved.

    before: the business until now, "" for the account itself. Ids of a business that still has another account stay.
    An id that is known in the new business already stays too: its two contacts are shown as perhaps the same person.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE identities i SET scope = {PORTFOLIO_KEY}
              FROM accounts a
             WHERE a.id = %(account)s
               AND i.kind = 'user_id' AND i.scope = COALESCE(NULLIF(%(before)s, ''), 'account:' || a.id)
               AND i.scope <> {PORTFOLIO_KEY}
               AND NOT EXISTS (SELECT 1 FROM accounts b WHERE %(before)s <> '' AND b.portfolio = %(before)s)
               AND NOT EXISTS (SELECT 1 FROM identities j
                                WHERE j.kind = 'user_id' AND j.value = i.value AND j.scope = {PORTFOLIO_KEY})
            """,  # noqa: S608  (our own text)
            {"account": account_id, "before": before},
        )
        return int(cursor.rowcount)


def shortened(text: str, most: int) -> str:
    """What PostgreSQL can keep of a text from outside: without NUL, at most so many characters."""
    return text.replace("\0", "").strip()[:most]
