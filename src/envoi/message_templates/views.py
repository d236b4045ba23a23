"""The templates: what each says, as the customer sees it, and whether it may be sent."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..team.requests import StaffRequest
from ..web.pages import page_or_piece
from . import queries, wording


@login_required
@require_safe
def template_list(request: StaffRequest) -> HttpResponse:
    search, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    every = queries.templates(request.user)
    shown = [one for one in every if _matches(one, search, state)]
    context = {
        "shown": [(one, _sample(one)) for one in shown],
        "any": bool(every),
        "search": search,
        "state": state,
    }
    return page_or_piece(request, "message_templates/list.html", "message_templates/_cards.html", context)


@login_required
@require_safe
def show(request: StaffRequest, template_id: int) -> HttpResponse:
    template = queries.template_for(request.user, template_id)
    context = {
        "template": template,
        "bubble": _sample(template),
        "variables": wording.variables(template.components),
    }
    return render(request, "message_templates/show.html", context)


def _matches(template: queries.Template, search: str, state: str) -> bool:
    words = search.casefold().replace(" ", "_")
    text = " ".join(str(part.get("text", "")) for part in template.components).casefold()
    return (not state or template.state == state) and (words in template.name.casefold() or search.casefold() in text)


def _sample(template: queries.Template) -> wording.Bubble:
    """The template with the samples that were sent for review."""
    samples = {one.key: one.sample for one in wording.variables(template.components) if one.sample}
    return wording.bubble(template.components, samples)
