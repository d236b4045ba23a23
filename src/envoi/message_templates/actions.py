"""Storing wordings and following what the provider decides about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from ..core.events import TemplateChanged
from .models import Template


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
) -> Template:
    """Keep one wording as the provider has it now; the account, name and language say which."""
    template, _ = Template.objects.update_or_create(
        account_id=account_id,
        name=name,
        language=language,
        defaults={
            "category": category,
            "state": state,
            "components": list(components),
            "provider_id": provider_id,
            "quality": quality,
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
