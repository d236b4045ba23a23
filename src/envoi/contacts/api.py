"""/contacts, their consents, and /tags. The list and deleting are of higher apps: see segments.api, messaging.api."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from ..core.errors import BadInput
from ..core.paging import Page
from ..rest.requests import KeyRequest
from ..rest.shapes import Cursor, Given, Id, Limit, Listing, Moment, PairedId, listing, paired, place, whole_list
from . import bulk, changes, lookup, queries

router = Router(tags=["contacts"])
tags = Router(tags=["tags"])

Word = Annotated[str, Field(min_length=1, max_length=60)]
Country = Annotated[str, Field(pattern=r"^([A-Za-z]{2})?$", examples=["FR"])]
Phone = Annotated[str, Field(min_length=4, max_length=40, examples=["+33639980001"])]
UserId = Annotated[str, Field(min_length=1, max_length=160)]


class ConsentStates(Schema):
    """What is known of their consent to each purpose."""

    marketing: Literal["unknown", "pending", "granted", "withdrawn"]
    service: Literal["unknown", "pending", "granted", "withdrawn"]


class ContactOut(Schema):
    """A customer. `user_id` is WhatsApp's own id of them, for those without a phone."""

    id: Id
    phone: str | None
    user_id: str | None
    name: str
    language: str
    country: str
    timezone: str
    tags: list[str]
    attributes: dict[str, Any]
    consent: ConsentStates
    last_inbound_at: datetime | None
    window_open_until: datetime | None
    created_at: datetime
    updated_at: datetime


class ContactPart(Given):
    """What may be changed. `attributes`: null takes one away, others stay. `tags`: all that they are to have."""

    phone: Phone = ""
    user_id: UserId = ""
    name: Annotated[str, Field(max_length=200)] = ""
    language: Annotated[str, Field(max_length=12, examples=["fr"])] = ""
    country: Country = ""
    timezone: Annotated[str, Field(max_length=40, examples=["Europe/Paris"])] = ""
    attributes: dict[str, Any] = {}
    tags: Annotated[list[Word], Field(max_length=100)] = []


class ConsentGiven(Given):
    """One line of the ledger. A grant needs the `text` that they saw, or a `proof`: where to find it again."""

    purpose: Literal["marketing", "service"]
    state: Literal["granted", "withdrawn"]
    source: Annotated[str, Field(min_length=1, max_length=60, examples=["checkout form"])]
    text: Annotated[str, Field(max_length=4_000)] = ""
    proof: Annotated[str, Field(max_length=4_000)] = ""
    at: Moment | None = None


class ConsentOut(Schema):
    """One line of the ledger, which only grows."""

    id: PairedId
    purpose: str
    state: str
    source: str
    text: str
    proof: str
    at: datetime


class TagGiven(Given):
    """A tag's name."""

    name: Word


class TagOut(Schema):
    """A word that stands on people."""

    id: Id
    name: str


@router.post("", response={200: ContactOut, 201: ContactOut})
def save_contact(request: KeyRequest, given: ContactPart) -> Status[ContactOut]:
    """Make a contact, or bring the one with this phone or user id up to date: 201 for a new one, else 200."""
    contact_id, new = changes.upsert(**given.said(), by=request.by)
    return Status(201 if new else 200, shown(request, contact_id))


class BulkContact(Given):
    """One of many. Known by `phone` or by `customer`, the company's own number of them."""

    phone: Annotated[str, Field(max_length=40)] = ""
    customer: Annotated[str, Field(max_length=160)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    language: Annotated[str, Field(max_length=12)] = ""
    country: Annotated[str, Field(max_length=2)] = ""
    timezone: Annotated[str, Field(max_length=40)] = ""
    attributes: dict[str, Any] = {}
    tags: Annotated[list[Word], Field(max_length=100)] = []
    consent: Literal["", "granted", "withdrawn"] = ""
    consent_at: Moment | None = None


class BulkContacts(Given):
    """Many contacts at once. `country`: of numbers without one. `consent_source`: needed when any row has a consent."""

    contacts: Annotated[list[BulkContact], Field(min_length=1, max_length=bulk.MOST_ROWS)]
    update: Literal["overwrite", "fill", "skip"] = "overwrite"
    duplicates: Literal["last", "first"] = "last"
    country: Country = ""
    tags: Annotated[list[Word], Field(max_length=100)] = []
    consent_source: Annotated[str, Field(max_length=60)] = ""
    consent_text: Annotated[str, Field(max_length=4_000)] = ""


class Refused(Schema):
    """A row that was not brought in: its place in what was sent, counted from 0, and why."""

    index: int
    reason: str


class BulkDone(Schema):
    """What came of the rows; they went in together. `import` names them, should they have to be taken back."""

    import_id: Id = Field(serialization_alias="import")
    created: int
    updated: int
    unchanged: int
    duplicate: int
    refused: list[Refused]


@router.post("/bulk", response=BulkDone, by_alias=True)
def bulk_contacts(request: KeyRequest, given: BulkContacts) -> BulkDone:
    """Add or change up to 10,000 contacts at once: good rows go in, bad ones come back with a sentence."""
    if not given.consent_source and any(one.consent for one in given.contacts):
        raise BadInput(_("Say in consent_source where they agreed: consent without its source is no proof."))
    options = {
        "update": given.update,
        "duplicates": given.duplicates,
        "country": given.country,
        "tags": given.tags,
        "consent": {"source": given.consent_source, "text": given.consent_text},
    }
    rows = [one.model_dump() | {"consent_at": one.consent_at and one.consent_at.isoformat()} for one in given.contacts]
    return bulk_done(bulk.bring_contacts(rows, options=options, by=request.by))


def bulk_done(done: bulk.Done) -> BulkDone:
    """As the API says it."""
    refused = [Refused(index=place, reason=reason) for place, reason in sorted(done.refused.items())]
    return BulkDone(
        import_id=done.import_id,
        created=done.created,
        updated=done.updated,
        unchanged=done.unchanged,
        duplicate=done.duplicate,
        refused=refused,
    )


@router.get("/{contact_id}", response=ContactOut)
def get_contact(request: KeyRequest, contact_id: Id) -> ContactOut:
    """One contact."""
    return shown(request, contact_id)


@router.patch("/{contact_id}", response=ContactOut)
def change_contact(request: KeyRequest, contact_id: Id, given: ContactPart) -> ContactOut:
    """Change what is sent and leave the rest."""
    changes.change(contact_id, **given.said(), by=request.by)
    return shown(request, contact_id)


@router.get("/{contact_id}/consents", response=Listing[ConsentOut])
def list_consents(request: KeyRequest, contact_id: Id, limit: Limit = 50, cursor: Cursor = "") -> Listing[ConsentOut]:
    """Their consent ledger, the newest line first."""
    before = place(cursor)
    found = lookup.consent_entries(request.by, contact_id, before=int(before) if before else None, limit=limit + 1)
    page = found[:limit]
    return listing(Page(page, next=str(page[-1].id) if len(found) > limit else None), _consent)


@router.post("/{contact_id}/consents", response={201: ContactOut})
def append_consent(request: KeyRequest, contact_id: Id, given: ConsentGiven) -> Status[ContactOut]:
    """Write down what they agreed to, or no longer do. The newest decision counts, whenever it arrives."""
    changes.append_consent(contact_id, **given.said(), by=request.by)
    return Status(201, shown(request, contact_id))


@tags.get("", response=Listing[TagOut])
def list_tags(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> Listing[TagOut]:
    """Every tag."""
    return whole_list(lookup.all_tags(request.by), cursor, limit, _tag)


@tags.post("", response={201: TagOut})
def create_tag(request: KeyRequest, given: TagGiven) -> Status[TagOut]:
    """The tag of this name, made when it is new."""
    return Status(201, _tag(changes.make_tag(given.name, by=request.by)))


@tags.get("/{tag_id}", response=TagOut)
def get_tag(request: KeyRequest, tag_id: Id) -> TagOut:
    """One tag."""
    return _tag(lookup.tag_for(request.by, tag_id))


@tags.patch("/{tag_id}", response=TagOut)
def rename_tag(request: KeyRequest, tag_id: Id, given: TagGiven) -> TagOut:
    """Give a tag another name; everybody keeps it."""
    return _tag(changes.rename_tag(tag_id, given.name, by=request.by))


@tags.delete("/{tag_id}", response={204: None})
def delete_tag(request: KeyRequest, tag_id: Id) -> Status[None]:
    """Take a tag off everybody and delete it."""
    changes.delete_tag(tag_id, by=request.by)
    return Status(204, None)


def shown(request: KeyRequest, contact_id: int) -> ContactOut:
    """One contact as the API gives it. Raises NotFound, for who was erased as well."""
    return all_shown([lookup.known(queries.contact_for(request.by, contact_id))])[0]


def all_shown(contacts: Sequence[Any]) -> list[ContactOut]:
    """Contacts with `tag_names` as the API gives them."""
    keys = lookup.user_ids(contacts)
    return [
        ContactOut(
            id=one.pk,
            phone=one.phone,
            user_id=keys.get(one.pk),
            name=one.name,
            language=one.language,
            country=one.country,
            timezone=one.timezone,
            tags=one.tag_names,
            attributes=one.attributes,
            consent=ConsentStates(marketing=one.marketing, service=one.service),
            last_inbound_at=one.last_inbound_at,
            window_open_until=one.window_open_until,
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
        for one in contacts
    ]


def _consent(entry: Any) -> ConsentOut:
    return ConsentOut(
        id=paired(entry.contact_id, entry.id),
        purpose=entry.purpose,
        state=entry.state,
        source=entry.source,
        text=entry.text,
        proof=entry.proof,
        at=entry.at,
    )


def _tag(tag: Any) -> TagOut:
    return TagOut(id=tag.pk, name=tag.name)
