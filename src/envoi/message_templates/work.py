"""The worker's part: handing in, deleting, comparing with the provider. It asks first and writes afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core import jobs
from ..providers import base
from ..providers.table import PROVIDERS
from . import remote
from .actions import remove_if_unused
from .models import Template, TemplateSync
from .parts import is_named, kind_of

State, Work = Template.State, Template.Work

FIRST_LOOK_SECONDS = 20  # a review may take a day, but most are automatic and done within a minute
AGAIN_SECONDS = 30
MOST_TRIES = 6


def hand_in(template_id: int, *, tries: int = 0) -> None:
    """Make the template at the provider, or change it there, and have it reviewed.

    Run twice it goes on where it was: the provider's id is kept as soon as there is one.
    """
    template = _asked(template_id, Work.HANDING_IN)
    if template is None:
        return
    wanted = template.draft or {"category": template.category, "components": template.components}
    was_approved = template.state == State.APPROVED
    try:
        if template.provider_id:
            _edit(template, wanted)
            at_provider = str(State.DRAFT if template.state == State.DRAFT else State.PENDING)
        else:
            at_provider = _create(template, wanted)
        if at_provider == State.DRAFT:
            remote.ask(template.account, lambda api, http, at: api.submit(http, at, template.provider_id))
            at_provider = str(State.PENDING)
    except base.SendError as error:
        _failed(template, error, "message_templates.hand_in", tries)
        return
    with transaction.atomic():
        changed: dict[str, Any] = {"work": Work.NONE, "trouble": "", "reason": "", "draft": None, "state": at_provider}
        if template.draft:
            changed |= {"category": wanted["category"], "components": wanted["components"]}
        if was_approved:
            changed["edits"] = [*template.edits, timezone.now().isoformat()][-20:]
        found = Template.objects.filter(pk=template.pk)
        # A webhook with the verdict may have been quicker than this answer: then the verdict stays.
        if found.filter(state__in=(State.APPROVED, State.REJECTED), updated_at__gt=template.updated_at).exists():
            del changed["state"], changed["reason"]
        found.update(**changed)
        _look_again(template.account_id, FIRST_LOOK_SECONDS)


def delete(template_id: int, *, tries: int = 0) -> None:
    """Delete it at the provider, then here; what a campaign refers to stays, marked."""
    template = _asked(template_id, Work.DELETING)
    if template is None:
        return
    try:
        remote.ask(template.account, lambda api, http, at: api.delete(http, at, template.provider_id, template.name))
    except base.SendError as error:
        _failed(template, error, "message_templates.delete", tries)
        return
    with transaction.atomic():
        if not remove_if_unused(template):
            Template.objects.filter(pk=template.pk).update(
                state=State.GONE, work=Work.NONE, trouble="", draft=None, updated_at=timezone.now()
            )


def sync(account_id: int) -> None:
    """Take over what the provider has: new ones, states, categories, quality, reasons, words; mark what vanished."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or PROVIDERS[account.provider].templates is None:
        return
    asked_at = timezone.now()
    row, _made = TemplateSync.objects.update_or_create(
        account=account, defaults={"state": TemplateSync.State.RUNNING, "asked_at": asked_at}
    )
    try:
        found = remote.ask(account, lambda api, http, at: api.list_templates(http, at))
    except base.SendError as error:
        row.state, row.trouble = TemplateSync.State.FAILED, sentence(error)
    else:
        with transaction.atomic():
            row.found, row.changed, row.gone = _take_over(account, found, asked_at)
        row.state, row.trouble = TemplateSync.State.FINISHED, ""
    row.finished_at = timezone.now()
    row.save()


@transaction.atomic
def sync_all() -> None:
    """Queue a comparison for every account whose provider can be asked."""
    for account in Account.objects.all():
        if PROVIDERS[account.provider].templates is not None:
            _look_again(account.pk, 0)


@transaction.atomic
def sync_reviewed() -> None:
    """Queue a comparison for accounts with something in review: most providers do not tell the verdict unasked."""
    for account_id in Template.objects.filter(state=State.PENDING).values_list("account_id", flat=True).distinct():
        _look_again(account_id, 0)


def sentence(error: base.SendError) -> str:
    """What a provider said, as a sentence with its own words."""
    failure = error.failure
    words = ": ".join(part.strip().rstrip(".:") for part in (failure.title, failure.detail) if part.strip())
    return f"{words or failure.code}."


def _asked(template_id: int, work: Template.Work) -> Template | None:
    return Template.objects.select_related("account").filter(pk=template_id, work=work).first()


def _create(template: Template, wanted: dict[str, Any]) -> str:
    """The state that it has at the provider now. Its id, words and category are kept before anything else is asked."""
    asked = {
        "name": template.name,
        "language": template.language,
        "category": wanted["category"],
        "parameter_format": "NAMED" if is_named(wanted["components"]) else "POSITIONAL",
    }

    async def make(api: base.Templates, http: base.Http, at: base.Account) -> base.RemoteTemplate:
        components = await remote.with_samples(api, http, at, wanted["components"])
        return await api.create(http, at, {**asked, "components": components})

    made = remote.ask(template.account, make)
    template.provider_id = made.provider_id
    kept: dict[str, Any] = {"provider_id": made.provider_id}
    if made.category in Template.Category.values:
        kept["category"] = made.category
    if _whole(made.components):
        kept["components"] = [dict(part) for part in made.components]
    Template.objects.filter(pk=template.pk).update(**kept)
    return made.state if made.state in State.values else State.PENDING


def _edit(template: Template, wanted: dict[str, Any]) -> None:
    changes: dict[str, Any] = {"components": wanted["components"]}
    # A category is named only where it changes: that of an approved template can't be (Meta sheet, C.3). Without it
    # nobody could tell that components without words are those of a one-time code.
    if wanted["category"] != template.category or wanted["category"] == Template.Category.AUTHENTICATION:
        changes["category"] = wanted["category"]

    async def change(api: base.Templates, http: base.Http, at: base.Account) -> None:
        changes["components"] = await remote.with_samples(api, http, at, wanted["components"])
        await api.edit(http, at, template.provider_id, changes)

    remote.ask(template.account, change)


def _failed(template: Template, error: base.SendError, job: str, tries: int) -> None:
    """Keep the sentence; ask again by ourselves only when surely nothing happened and waiting may help."""
    again = isinstance(error, base.Unreachable | base.Throttled) and tries < MOST_TRIES
    with transaction.atomic():
        words = sentence(error)
        if again:
            going_on = _("Trying again in a moment.")
            words = f"{words} {going_on}"
            pause = int(max(AGAIN_SECONDS * 2**tries, error.seconds(tries)))
            jobs.defer(job, after_seconds=pause, once=str(template.pk), template_id=template.pk, tries=tries + 1)
        elif not isinstance(error, base.Unreachable):
            # It may be there after all: made by an answer that was lost, or by somebody else.
            _look_again(template.account_id, FIRST_LOOK_SECONDS)
        work = template.work if again else Work.NONE
        Template.objects.filter(pk=template.pk).update(work=work, trouble=words)


def _look_again(account_id: int, seconds: int) -> None:
    jobs.defer("message_templates.sync", after_seconds=seconds, once=str(account_id), account_id=account_id)


def _take_over(account: Account, found: Iterable[base.RemoteTemplate], asked_at: datetime) -> tuple[int, int, int]:
    """How many there are, how many were new or different, how many vanished."""
    ours = {(one.name, one.language): one for one in Template.objects.select_for_update().filter(account=account)}
    theirs: dict[tuple[str, str], base.RemoteTemplate] = {}
    for one in found:
        place = (one.name[:512], one.language)
        if not one.name or not 1 <= len(one.language) <= 16:
            continue
        if place not in theirs or _better(one, theirs[place], ours.get(place)):
            theirs[place] = one
    changed = sum(_keep(account, place, one, ours.get(place)) for place, one in theirs.items())
    gone = [
        one.pk
        for place, one in ours.items()
        if place not in theirs and one.provider_id and one.state != State.GONE and one.updated_at < asked_at
    ]
    Template.objects.filter(pk__in=gone).update(state=State.GONE, work=Work.NONE, updated_at=timezone.now())
    return len(theirs), changed, len(gone)


def _better(new: base.RemoteTemplate, kept: base.RemoteTemplate, ours: Template | None) -> bool:
    """Of two with one name and language: the one that we have, else the one that can be sent."""
    if ours is not None and ours.provider_id in (new.provider_id, kept.provider_id):
        return new.provider_id == ours.provider_id
    return new.state == State.APPROVED and kept.state != State.APPROVED


def _keep(account: Account, place: tuple[str, str], one: base.RemoteTemplate, ours: Template | None) -> bool:
    """Whether anything was new."""
    told: dict[str, Any] = {
        "provider_id": one.provider_id,
        "state": one.state if one.state in State.values else State.DISABLED,
        "quality": one.quality[:12],
        "reason": one.reason,
    }
    if one.category in Template.Category.values:
        told["category"] = one.category
    if _whole(one.components):
        told["components"] = [dict(part) for part in one.components]
    if ours is None:
        defaults = {"category": Template.Category.MARKETING, "components": []}
        Template.objects.create(
            account=account, name=place[0], language=place[1], updated_at=timezone.now(), **(defaults | told)
        )
        return True
    if all(getattr(ours, field) == value for field, value in told.items()):
        return False
    if not ours.work:
        told["trouble"] = ""
    Template.objects.filter(pk=ours.pk).update(updated_at=timezone.now(), **told)
    return True


def _whole(components: Iterable[Any]) -> bool:
    """Whether a provider's answer holds a wording at all: some answers leave it out."""
    return any(kind_of(part) == "BODY" for part in components)
