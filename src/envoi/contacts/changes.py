"""Changing one contact, as a program does: by a phone or an id, some of it, its tags, its consent; and tags."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import available_timezones

from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ..core.errors import BadInput, NotFound, Problem
from ..core.events import Person
from ..core.phone import country_of, e164
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .actions import contact_for_person, record_consent, tag, untag
from .attributes import typed
from .changed import note_changed
from .identities import Key, everybody_with_a_key_of, keys_of, link
from .models import Contact, ContactTag, Identity, Tag
from .names import plain_name
from .words import language_of

LARGEST_ATTRIBUTES = 20_000
MOST_TAGS = 100
AHEAD = timedelta(minutes=5)  # how far the clock of whoever tells us a moment may go ahead of ours


class KeyTaken(Problem):
    """The phone or the user id belongs to another contact."""


class NameTaken(Problem):
    """Another tag has this name."""


class TagInUse(Problem):
    """The tag follows a segment, or a segment names it."""


# Segments name a tag by its word. Of an app above: read by name, as segments reads campaigns (docs/decisions/0018).
NAMING = """
SELECT s.name FROM segments s
 WHERE jsonb_path_exists(
           s.rule,
           'strict $.** ? (@.field == "tag" && (@.value == $name || @.value[*] == $name))',
           jsonb_build_object('name', %(name)s::text))
 ORDER BY s.name
"""
MOST_NAMED = 5


@transaction.atomic
def upsert(
    *,
    phone: str | None = None,
    user_id: str | None = None,
    country: str | None = None,
    by: Staff | None,
    **said: Any,
) -> tuple[int, bool]:
    """The contact with this phone or user id, made when there is none and changed to what is said of it.

    said: arguments of `change` without its keys. Returns the contact's id and whether it is new; all of it commits
    together. Raises BadInput.
    """
    require(by, "contacts.write")
    if not phone and not user_id:
        raise BadInput(_("Give a phone or a user_id: that is how a contact is known."))
    number = e164(phone, country=country or None) if phone else None
    person = Person(phone=number, user_id=user_id)
    known = bool(everybody_with_a_key_of(person))
    contact_id = contact_for_person(person, source="api")
    if country:
        said["country"] = country
    if said:
        change(contact_id, **said, by=by, noted=False)
    note(by, "contacts.update" if known else "contacts.add", f"contact/{contact_id}")
    return contact_id, not known


@transaction.atomic
def change(
    contact_id: int,
    *,
    phone: str | None = None,
    user_id: str | None = None,
    name: str | None = None,
    language: str | None = None,
    country: str | None = None,
    timezone: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Iterable[str] | None = None,
    by: Staff | None,
    noted: bool = True,
) -> None:
    """Change what is given; None leaves it.

    attributes: each given one is set, with null it goes, others stay. tags: all that the contact is to have.
    A new phone replaces the one shown; the old number stays a key of theirs. Raises BadInput, NotFound, KeyTaken.
    """
    require(by, "contacts.write")
    contact = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id, erased_at=None).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    if phone is not None:
        contact.phone = e164(phone, country=country or contact.country or None)
        _own(contact_id, *keys_of(Person(phone=contact.phone)), said=contact.phone)
        contact.country = contact.country or country_of(contact.phone)
    if user_id is not None:
        _own(contact_id, *keys_of(Person(user_id=user_id)), said=user_id)
    if name is not None:
        contact.name = plain_name(name)
    if language is not None:
        contact.language = language_of(language) if language else ""
    if country is not None:
        contact.country = country.upper()
    if timezone is not None:
        contact.timezone = _zone(timezone)
    if attributes is not None:
        merged = {**contact.attributes, **typed(attributes)}
        contact.attributes = _attributes({key: value for key, value in merged.items() if value is not None})
    contact.updated_at = _now()
    contact.save()
    note_changed([contact_id])
    if tags is not None:
        _retag(contact_id, tags, by=by)
    if noted:
        note(by, "contacts.update", f"contact/{contact_id}")


@transaction.atomic
def append_consent(
    contact_id: int,
    *,
    purpose: Literal["marketing", "service"],
    state: Literal["granted", "withdrawn"],
    source: str,
    text: str = "",
    proof: str = "",
    at: datetime | None = None,
    by: Staff | None,
) -> None:
    """Append a line to the ledger for a program. Raises NotFound, and BadInput for a grant that proves nothing."""
    require(by, "contacts.write")
    if not Contact.objects.filter(pk=contact_id).exists():
        raise NotFound(_("There is no such contact."))
    if state == "granted" and not (text.strip() or proof.strip()):
        raise BadInput(_("Say how and when they agreed: consent without it is no proof."))
    if at is not None and at > _now() + AHEAD:
        raise BadInput(_("“at” lies in the future: nobody has decided that yet."))
    record_consent(contact_id, purpose=purpose, state=state, source=source, text=text, proof=proof, at=at)
    note(by, "contacts.consent", f"contact/{contact_id}", {"purpose": purpose, "state": state})


@transaction.atomic
def make_tag(name: str, *, by: Staff | None) -> Tag:
    """The tag of this name, made when it is new."""
    require(by, "contacts.write")
    made, _new = Tag.objects.get_or_create(name=_word(name))
    return made


@transaction.atomic
def rename_tag(tag_id: int, name: str, *, by: Staff | None) -> Tag:
    """Another name for a tag; everybody who has it keeps it. Raises NotFound, NameTaken, and TagInUse while a
    segment names it."""
    require(by, "contacts.write")
    found, word = _locked_tag(tag_id), _word(name)
    if word != found.name:
        _refuse_named(found)
    if Tag.objects.filter(name=word).exclude(pk=tag_id).exists():
        raise NameTaken(_("There is a tag “%(name)s” already.") % {"name": word})
    note(by, "tag.rename", f"tag/{tag_id}", {"before": found.name, "after": word})
    found.name = word
    found.save(update_fields=["name"])
    return found


@transaction.atomic
def delete_tag(tag_id: int, *, by: Staff | None) -> None:
    """Take a tag off everybody and delete it. Raises NotFound, and TagInUse while it follows a segment or one names it:
    by its absence that would choose others than it was meant to."""
    require(by, "contacts.write")
    found = _locked_tag(tag_id)
    _refuse_named(found)
    note(by, "tag.delete", f"tag/{tag_id}", {"name": found.name})
    # Straight on the table: a common tag has a row for each of a million people.
    ContactTag.objects.filter(tag_id=tag_id)._raw_delete("default")
    try:
        found.delete()
    except ProtectedError:
        raise TagInUse(
            _("The tag “%(name)s” follows a segment: let it follow no longer first.") % {"name": found.name}
        ) from None


def _own(contact_id: int, key: Key, *, said: str) -> None:
    kind, value, scope = key
    link(contact_id, [key])
    if not Identity.objects.filter(kind=kind, value=value, scope=scope, contact_id=contact_id).exists():
        raise KeyTaken(_("%(value)s belongs to another contact.") % {"value": said})


def _retag(contact_id: int, wanted: Iterable[str], *, by: Staff | None) -> None:
    words = {_word(one) for one in wanted}
    if len(words) > MOST_TAGS:
        raise BadInput(_("A contact has at most %(n)s tags.") % {"n": MOST_TAGS})
    has = set(Tag.objects.filter(tagged__contact_id=contact_id).values_list("name", flat=True))
    for word in sorted(words - has):
        tag([contact_id], name=word, by=by)
    for word in sorted(has - words):
        untag([contact_id], name=word, by=by)


def _locked_tag(tag_id: int) -> Tag:
    found = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if found is None:
        raise NotFound(_("There is no such tag."))
    return found


def _refuse_named(found: Tag) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NAMING, {"name": found.name})
        names = [row[0] for row in cursor.fetchall()]
    if names:
        named = ", ".join(pgettext("quoted", "“%(word)s”") % {"word": one} for one in names[:MOST_NAMED])
        raise TagInUse(
            ngettext(
                "The segment %(segments)s names the tag “%(name)s”: change its conditions first.",
                "The segments %(segments)s name the tag “%(name)s”: change their conditions first.",
                len(names),
            )
            % {"segments": named + (" …" if len(names) > MOST_NAMED else ""), "name": found.name}
        )


def _word(name: str) -> str:
    word = " ".join(name.replace("\0", "").split())
    if not word or len(word) > 60:
        raise BadInput(_("A tag has 1 to 60 characters."))
    return word


def _zone(name: str) -> str:
    if name and name not in available_timezones():
        raise BadInput(_("“%(name)s” is no time zone: write one such as Europe/Paris.") % {"name": name[:60]})
    return name


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    if any(not key.strip() or len(key) > 60 for key in given):
        raise BadInput(_("The name of an attribute has 1 to 60 characters."))
    if any(isinstance(value, dict | list) for value in given.values()):
        raise BadInput(_("The value of an attribute is a text, a number, true or false."))
    if len(json.dumps(dict(given))) > LARGEST_ATTRIBUTES:
        raise BadInput(_("These attributes are too much to keep with one contact."))
    return dict(given)


# The argument `timezone` has the name of the column.
_now = timezone.now
