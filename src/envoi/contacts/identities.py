"""Who is who: from a phone or a provider's id to one contact, however many ask at once."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..core.events import Person
from ..core.phone import country_of
from .models import Contact, Identity


@transaction.atomic
def contact_for_person(person: Person, *, country: str = "") -> int:
    """The id of the contact who is this person, made when nobody is.

    A key that is new to us (their phone, say, when only the user id was known) is added to the same contact, and
    an empty name filled; the contact, its keys and its name commit together. When phone and user id belong to two
    contacts, the user id decides: WhatsApp gives it to one person, while numbers change hands.
    Two callers at once get the same contact. Raises BadInput for a person without any key.
    """
    keys = [(kind, value) for kind, value in (("phone", person.phone), ("user_id", person.user_id)) if value]
    if not keys:
        raise BadInput(_("This person has neither a phone nor an id."))
    known = _owners(keys)
    contact_id = known.get("user_id") or known.get("phone")
    if contact_id is None:
        contact_id = _made(keys, person, country=country)
    elif missing := [key for key in keys if key[0] not in known]:
        link(contact_id, missing)
    _fill(contact_id, person)
    return contact_id


def everybody_with_a_key_of(person: Person) -> list[int]:
    """The ids of all contacts that own one of this person's keys, in order: usually one, two while they are not merged.

    Whoever says stop is not asked which of our records they are.
    """
    keys = [(kind, value) for kind, value in (("phone", person.phone), ("user_id", person.user_id)) if value]
    return sorted(set(_owners(keys).values()))


def _owners(keys: list[tuple[str, str]]) -> dict[str, int]:
    """Which contact has each of the keys, by the key's kind."""
    return {
        kind: owner
        for kind, value in keys
        for owner in Identity.objects.filter(kind=kind, value=value).values_list("contact_id", flat=True)
    }


def _made(keys: list[tuple[str, str]], person: Person, *, country: str) -> int:
    """A new contact with these keys, or whoever got one of them first.

    The insert of a key that somebody else is inserting waits for them, and then finds the key taken.
    """
    phone = person.phone
    contact = Contact.objects.create(
        phone=phone, name=shortened(person.name, 200), country=country or (country_of(phone) if phone else "")
    )
    if link(contact.pk, keys) == len(keys):
        return contact.pk
    owners = _owners(keys)
    first = owners.get("user_id") if owners.get("user_id") != contact.pk else owners.get("phone")
    assert first is not None
    Identity.objects.filter(contact_id=contact.pk).update(contact_id=first)
    contact.delete()
    return first


def link(contact_id: int, keys: list[tuple[str, str]]) -> int:
    """Give keys to a contact unless they are taken; returns how many it got. Sorted: nobody waits in a circle."""
    with connection.cursor() as cursor:
        got = 0
        for kind, value in sorted(keys):
            cursor.execute(
                """
                INSERT INTO identities (kind, value, contact_id) VALUES (%(kind)s, %(value)s, %(contact_id)s)
                    ON CONFLICT DO NOTHING
                """,
                {"kind": kind, "value": value, "contact_id": contact_id},
            )
            got += cursor.rowcount
    return got


def _fill(contact_id: int, person: Person) -> None:
    """Fill the name and the phone where they are empty; only a phone that is this contact's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts c
               SET name = CASE WHEN c.name = '' THEN %(name)s ELSE c.name END,
                   phone = COALESCE(c.phone, own.value),
                   updated_at = now()
              FROM (SELECT 1) AS always
              LEFT JOIN identities own
                ON own.kind = 'phone' AND own.value = %(phone)s AND own.contact_id = %(id)s
             WHERE c.id = %(id)s
               AND ((c.name = '' AND %(name)s <> '') OR (c.phone IS NULL AND own.value IS NOT NULL))
            """,
            {"id": contact_id, "name": shortened(person.name, 200), "phone": person.phone},
        )


def shortened(text: str, most: int) -> str:
    """What PostgreSQL can keep of a text from outside: without NUL, at most so many characters."""
    return text.replace("\0", "").strip()[:most]
