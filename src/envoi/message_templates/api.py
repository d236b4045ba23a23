"""/templates: wordings, checking them, handing them in, comparing with the provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from ..core.errors import BadInput
from ..rest.requests import KeyRequest
from ..rest.shapes import LARGEST, Cursor, Given, Id, Limit, Listing, whole_list
from . import actions, queries, wording
from .checks import problems
from .composing import Wording, decompose, fits

router = Router(tags=["templates"])

Category = Literal["marketing", "utility", "authentication"]
Words = Annotated[str, Field(max_length=4_000)]


class Component(Given):
    """One part of a template in Meta's shape: HEADER, BODY, FOOTER, BUTTONS, CAROUSEL or LIMITED_TIME_OFFER."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(max_length=40, examples=["BODY"])]
    text: Words | None = None
    format: Annotated[str, Field(max_length=20)] | None = None
    example: dict[str, Any] | None = None
    buttons: Annotated[list[Button], Field(max_length=10)] | None = None
    cards: Annotated[list[Card], Field(max_length=10)] | None = None
    limited_time_offer: Offer | None = None
    add_security_recommendation: bool | None = None
    code_expiration_minutes: Annotated[int, Field(ge=1, le=90)] | None = None


class Button(Given):
    """A button, by its type: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW, CATALOG, MPM or OTP."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(max_length=40)]
    text: Words | None = None
    url: Words | None = None
    phone_number: Words | None = None
    example: Words | list[Words] | None = None


class Card(Given):
    """One card of a carousel."""

    components: Annotated[list[Component], Field(max_length=10)]


class Offer(Given):
    """A limited-time offer."""

    text: Words
    has_expiration: bool = False


class WordingGiven(Given):
    """A wording: `components` in Meta's shapes, samples of the variables in each part's `example`."""

    name: Annotated[str, Field(max_length=512, examples=["spring_sale"])]
    language: Annotated[str, Field(max_length=16, examples=["en"])]
    category: Category
    components: Annotated[list[Component], Field(min_length=1, max_length=12)]


class TemplateGiven(WordingGiven):
    """A new draft for an account."""

    account: Id


class TemplatePart(Given):
    """What may be changed; name and language only of a draft that was not handed in."""

    name: Annotated[str, Field(max_length=512)] = ""
    language: Annotated[str, Field(max_length=16)] = ""
    category: Category = "marketing"
    components: Annotated[list[Component], Field(min_length=1, max_length=12)] = []


class SyncGiven(Given):
    """Which account to compare."""

    account: Id


class Place(Schema):
    """A place to fill, by the key that `values` and `variables` use."""

    key: str
    kind: str
    sample: str
    optional: bool


class TemplateOut(Schema):
    """A wording in one language. `draft`: a change that waits to be handed in."""

    id: Id
    account: Id
    name: str
    language: str
    category: str
    state: str
    components: list[dict[str, Any]]
    variables: list[Place]
    headers: list[Place]
    draft: dict[str, Any] | None
    provider_id: str
    quality: str
    reason: str
    work: str
    trouble: str
    updated_at: datetime


class SyncOut(Schema):
    """A comparison with the provider, which the worker makes."""

    account: Id
    state: str
    asked_at: datetime
    finished_at: datetime | None
    found: int
    changed: int
    gone: int
    trouble: str


class Flaw(Schema):
    """What WhatsApp would refuse, and where."""

    field: str
    detail: str


class Lint(Schema):
    """Everything that WhatsApp would refuse; `ok` when there is nothing."""

    ok: bool
    problems: list[Flaw]


@router.get("", response=Listing[TemplateOut])
def list_templates(
    request: KeyRequest,
    account: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    state: Annotated[
        Literal["", "draft", "pending", "approved", "rejected", "paused", "disabled", "gone"], Query()
    ] = "",
    name: Annotated[str, Query(max_length=512)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[TemplateOut]:
    """Templates, of every account."""
    found = [
        one
        for one in queries.templates(request.by)
        if account in (None, one.account_id) and state in ("", one.state) and name in ("", one.name)
    ]
    return whole_list(found, cursor, limit, _shown)


@router.post("", response={201: TemplateOut})
def create_template(request: KeyRequest, given: TemplateGiven) -> Status[TemplateOut]:
    """Keep a draft. It is handed in by /submit."""
    return Status(201, _shown(actions.create(given.account, _wording(given), by=request.by)))


@router.post("/lint", response=Lint)
def lint_template(request: KeyRequest, given: WordingGiven) -> Lint:
    """What WhatsApp would refuse in a wording, without keeping it."""
    queries.may_write(request.by)
    found = problems(_wording(given))
    return Lint(ok=not found, problems=[Flaw(field=field, detail=sentence) for field, sentence in found.items()])


@router.post("/sync", response={202: SyncOut})
def sync_templates(request: KeyRequest, given: SyncGiven) -> Status[SyncOut]:
    """Have the worker compare an account's templates with its provider's. GET /templates shows what came of it."""
    sync = actions.ask_sync(given.account, by=request.by)
    return Status(
        202,
        SyncOut(
            account=sync.account_id,
            state=sync.state,
            asked_at=sync.asked_at,
            finished_at=sync.finished_at,
            found=sync.found,
            changed=sync.changed,
            gone=sync.gone,
            trouble=sync.trouble,
        ),
    )


@router.get("/{template_id}", response=TemplateOut)
def get_template(request: KeyRequest, template_id: Id) -> TemplateOut:
    """One template."""
    return _shown(queries.template_for(request.by, template_id))


@router.patch("/{template_id}", response=TemplateOut)
def change_template(request: KeyRequest, template_id: Id, given: TemplatePart) -> TemplateOut:
    """Change a draft; of one that the provider has, the new wording waits in `draft` until it is handed in."""
    before = queries.template_for(request.by, template_id)
    said, wanted = given.said(), before.draft or {"category": before.category, "components": before.components}
    components = _plain(given.components) if "components" in said else wanted["components"]
    words = _decomposed(
        said.get("name", before.name),
        said.get("language", before.language),
        said.get("category", wanted["category"]),
        components,
    )
    if before.provider_id and (words.name, words.language) != (before.name, before.language):
        raise BadInput(_("The provider has this template: its name and language stay."))
    return _shown(actions.change(template_id, words, by=request.by))


@router.post("/{template_id}/submit", response={202: TemplateOut})
def submit_template(request: KeyRequest, template_id: Id) -> Status[TemplateOut]:
    """Have the worker hand it in for review."""
    return Status(202, _shown(actions.submit(template_id, by=request.by)))


def _wording(given: WordingGiven) -> Wording:
    return _decomposed(given.name, given.language, given.category, _plain(given.components))


def _decomposed(name: str, language: str, category: str, components: list[dict[str, Any]]) -> Wording:
    if not fits(components):
        raise BadInput(_("These components have a part that can’t be made here: make it at the provider."))
    words = decompose(name, language, category, components)
    return replace(words, category=category)


def _plain(components: list[Component]) -> list[dict[str, Any]]:
    return [one.model_dump(exclude_unset=True, exclude_none=True) for one in components]


def _shown(one: Any) -> TemplateOut:
    places = wording.variables(one.components, optional=True)
    return TemplateOut(
        id=one.pk,
        account=one.account_id,
        name=one.name,
        language=one.language,
        category=one.category,
        state=one.state,
        components=one.components,
        variables=[Place(key=p.key, kind=p.kind, sample=p.sample, optional=p.optional) for p in places],
        headers=[
            Place(key=h.key, kind=h.kind, sample=h.sample, optional=False) for h in wording.headers(one.components)
        ],
        draft=one.draft,
        provider_id=one.provider_id,
        quality=one.quality,
        reason=one.reason,
        work=one.work,
        trouble=one.trouble,
        updated_at=one.updated_at,
    )
