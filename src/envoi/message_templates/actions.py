"""What people do with templates, and following what the provider decides about them. No network: see `work`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core import jobs
from ..core.errors import BadInput, NotFound
from ..core.events import TemplateChanged
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .checks import problems
from .composing import Wording, compose
from .errors import InUse, NameTaken, NotEditable, NoTemplateApi, UnderWay, Unfit
from .models import Template, TemplateSync

State, Work = Template.State, Template.Work

# An approved template may be changed so often (Meta sheet, C.3).
MOST_EDITS, EDITS_WITHIN = 10, timedelta(days=30)
BETWEEN_EDITS = timedelta(hours=24)


@transaction.atomic
def create(account_id: int, words: Wording, *, by: Staff | None) -> Template:
    """Keep a new wording as a draft. Raises Unfit, NameTaken, BadInput for an account that does not exist."""
    require(by, "templates.write")
    _fit(words)
    try:
        account = Account.objects.get(pk=account_id)
    except Account.DoesNotExist:
        raise BadInput(_("Choose the account that the template is for.")) from None
    _free(account.pk, words.name, words.language)
    template = Template.objects.create(
        account=account,
        name=words.name,
        language=words.language,
        category=words.category,
        components=compose(words),
        updated_at=timezone.now(),
    )
    note(by, "template.create", f"template/{template.pk}", {"name": template.name, "language": template.language})
    return template


@transaction.atomic
def change(template_id: int, words: Wording, *, by: Staff | None) -> Template:
    """Keep a changed wording: a draft is changed at once, of another the new wording waits to be handed in.

    Name and language of a template that the provider has stay as they are. Raises Unfit, NameTaken, UnderWay,
    NotEditable.
    """
    require(by, "templates.write")
    template = _locked(template_id)
    may_change(template)
    _fit(words)
    if template.provider_id:
        template.draft = {"category": words.category, "components": compose(words)}
    else:
        if (words.name, words.language) != (template.name, template.language):
            _free(template.account_id, words.name, words.language)
        template.name, template.language = words.name, words.language
        template.category, template.components = words.category, compose(words)
    template.trouble = ""
    template.updated_at = timezone.now()
    template.save()
    note(by, "template.change", f"template/{template.pk}")
    return template


@transaction.atomic
def forget_change(template_id: int, *, by: Staff | None) -> Template:
    """Let go of a new wording that waits; the provider's stays."""
    require(by, "templates.write")
    template = _locked(template_id)
    _idle(template)
    template.draft, template.trouble = None, ""
    template.save(update_fields=["draft", "trouble"])
    note(by, "template.forget_change", f"template/{template.pk}")
    return template


@transaction.atomic
def submit(template_id: int, *, by: Staff | None) -> Template:
    """Have the worker hand a draft or a changed wording in for review. Raises UnderWay, NotEditable, NoTemplateApi."""
    require(by, "templates.write")
    template = _locked(template_id)
    _has_api(template.account)
    may_change(template)
    if template.state != State.DRAFT and template.draft is None:
        raise NotEditable(_("There is nothing new to hand in."))
    _begin(template, Work.HANDING_IN)
    jobs.defer("message_templates.hand_in", once=str(template.pk), template_id=template.pk)
    note(by, "template.submit", f"template/{template.pk}")
    return template


@transaction.atomic
def delete(template_id: int, *, by: Staff | None) -> bool:
    """Delete a draft now, another one through the worker, also at the provider. Returns whether it is gone already.

    A template to which a campaign or a message refers stays in our lists, marked as deleted. Raises UnderWay, InUse,
    NotEditable, NoTemplateApi.
    """
    require(by, "templates.write")
    template = _locked(template_id)
    _idle(template)
    if template.state == State.DISABLED:
        raise NotEditable(_("WhatsApp has disabled this template; a disabled template can’t be deleted."))
    note(by, "template.delete", f"template/{template.pk}", {"name": template.name, "language": template.language})
    if not template.provider_id or template.state == State.GONE:
        if not remove_if_unused(template):
            raise InUse(_("A campaign refers to “%(name)s”, so it stays.") % {"name": template.name})
        return True
    _has_api(template.account)
    _begin(template, Work.DELETING)
    jobs.defer("message_templates.delete", once=str(template.pk), template_id=template.pk)
    return False


@transaction.atomic
def copy(template_id: int, *, language: str, by: Staff | None) -> Template:
    """A draft of the same name in another language, with the same words to translate. Raises Unfit, NameTaken."""
    require(by, "templates.write")
    template = _locked(template_id)
    found = problems(Wording(name="name", language=language, body="-"))
    if "language" in found:
        raise Unfit({"language": found["language"]})
    _free(template.account_id, template.name, language)
    made = Template.objects.create(
        account=template.account,
        name=template.name,
        language=language,
        category=template.category,
        components=template.components,
        updated_at=timezone.now(),
    )
    note(by, "template.copy", f"template/{made.pk}", {"name": made.name, "language": language})
    return made


@transaction.atomic
def ask_sync(account_id: int, *, by: Staff | None) -> TemplateSync:
    """Have the worker compare an account's templates with the provider's. Raises NotFound, NoTemplateApi."""
    require(by, "templates.write")
    try:
        account = Account.objects.get(pk=account_id)
    except Account.DoesNotExist:
        raise NotFound(_("There is no such account.")) from None
    _has_api(account)
    sync, _made = TemplateSync.objects.update_or_create(
        account=account, defaults={"state": TemplateSync.State.WAITING, "asked_at": timezone.now(), "trouble": ""}
    )
    # Not the words of the look that follows a submission: a person who asks does not wait for that one.
    jobs.defer("message_templates.sync", once=f"{account.pk} now", account_id=account.pk)
    note(by, "template.sync", f"account/{account.pk}")
    return sync


def may_change(template: Template) -> None:
    """Raises UnderWay or NotEditable when WhatsApp would not take a change now (Meta sheet, C.3)."""
    _idle(template)
    if template.state == State.PENDING:
        raise UnderWay(_("WhatsApp is looking at this template; it can be changed once there is an answer."))
    if template.state == State.DISABLED:
        raise NotEditable(_("WhatsApp has disabled this template: write a new one under another name."))
    if template.state == State.GONE:
        raise NotEditable(_("The provider no longer has this template: write a new one."))
    if template.state != State.APPROVED:
        return
    now = timezone.now()
    edits = sorted(datetime.fromisoformat(one) for one in template.edits)
    if edits and now - edits[-1] < BETWEEN_EDITS:
        raise NotEditable(_("An approved template can be changed once in 24 hours: try again tomorrow."))
    if sum(now - one < EDITS_WITHIN for one in edits) >= MOST_EDITS:
        raise NotEditable(_("An approved template can be changed ten times in 30 days, and this one was."))


def remove_if_unused(template: Template) -> bool:
    """Delete the row; False when something refers to it."""
    try:
        with transaction.atomic():
            template.delete()
    except models.ProtectedError:
        return False
    return True


@transaction.atomic
def store_template(
    account_id: int,
    *,
    name: str,
    language: str,
    category: str,
    state: str,
    components: Sequence[Mapping[str, Any]],
    provider_id: str = "",
    quality: str = "",
    reason: str = "",
) -> Template:
    """Keep one wording as the provider has it now; the account, name and language say which."""
    template, _made = Template.objects.update_or_create(
        account_id=account_id,
        name=name,
        language=language,
        defaults={
            "category": category,
            "state": state,
            "components": list(components),
            "provider_id": provider_id,
            "quality": quality,
            "reason": reason,
            "updated_at": timezone.now(),
        },
    )
    return template


@transaction.atomic
def apply_change(account_id: int, fact: TemplateChanged) -> bool:
    """Follow an approval, a pause, a new category or quality; False when we have no such template.

    Some webhooks name a template by its provider's id alone (Meta sheet, D.7); that id is looked for first.
    """
    changes: dict[str, Any] = {"updated_at": timezone.now()}
    if fact.state in Template.State.values:
        changes["state"] = fact.state
        changes["reason"] = fact.reason
    if fact.category in Template.Category.values:
        changes["category"] = fact.category
    if fact.quality:
        changes["quality"] = fact.quality
    if fact.provider_id and Template.objects.filter(provider_id=fact.provider_id).update(**changes):
        return True
    if not fact.name:
        return False
    if fact.provider_id:
        changes["provider_id"] = fact.provider_id
    found = Template.objects.filter(account_id=account_id, name=fact.name, language__in=_spellings(fact.language))
    return bool(found.update(**changes))


def _spellings(language: str) -> list[str]:
    """Webhooks write en-US where the API writes en_US (Meta sheet, D.7)."""
    return [language, language.replace("-", "_")]


def _locked(template_id: int) -> Template:
    try:
        return Template.objects.select_for_update(of=("self",)).select_related("account").get(pk=template_id)
    except Template.DoesNotExist:
        raise NotFound(_("There is no such template.")) from None


def _fit(words: Wording) -> None:
    if found := problems(words):
        raise Unfit(found)


def _free(account_id: int, name: str, language: str) -> None:
    if Template.objects.filter(account_id=account_id, name=name, language=language).exists():
        raise NameTaken(_("There is a template of this name in this language already."))


def _idle(template: Template) -> None:
    if template.work:
        raise UnderWay(_("The provider is being asked about this template; wait for its answer."))


def _begin(template: Template, work: Template.Work) -> None:
    template.work, template.trouble = work, ""
    template.save(update_fields=["work", "trouble"])


def _has_api(account: Account) -> None:
    if PROVIDERS[account.provider].templates is None:
        provider = account.get_provider_display()
        raise NoTemplateApi(
            _("%(provider)s has no way to manage templates from here: use its own pages.") % {"provider": provider}
        )
