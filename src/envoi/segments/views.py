"""Segments: the list, and the page on which a rule is built."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..contacts.queries import tags
from ..team.requests import StaffRequest
from ..team.rights import require
from ..web.look import language_choices
from ..web.pages import go, page_or_piece
from . import actions, queries
from .forms import RuleForm
from .rules import FIELDS, BadRule, in_words


@login_required
@require_safe
def segment_list(request: StaffRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    every = queries.segments(request.user)
    shown = [one for one in every if search.casefold() in one.name.casefold()]
    rows = [(one, *_counted(one.rule)) for one in shown]
    context = {"rows": rows, "any": bool(every), "search": search}
    return page_or_piece(request, "segments/list.html", "segments/_rows.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, segment_id: int | None = None) -> HttpResponse:
    require(request.user, "segments.read" if segment_id is not None else "segments.write")
    segment = queries.segment_for(request.user, segment_id) if segment_id is not None else None
    if request.method != "POST":
        form = RuleForm.of(segment.name, segment.rule) if segment else RuleForm.empty()
        return render(request, "segments/edit.html", _context(segment, form))
    form = RuleForm.sent(request.POST)
    if request.POST.get("do") != "save":
        context = _context(segment, form) | {"redraw": form.shape != request.POST.get("shape")}
        return page_or_piece(request, "segments/edit.html", "segments/_answer.html", context)
    saved = actions.save_segment(name=form.name, rule=form.rule(), by=request.user, segment_id=segment_id)
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return go(request, "segments:show", saved.pk)


def _context(segment: queries.Segment | None, form: RuleForm | None) -> dict[str, Any]:
    """The page's form, and whom its rule chooses now; for a nested rule there is no form."""
    rule = form.rule() if form else segment.rule if segment else {"all": []}
    context: dict[str, Any] = {
        "segment": segment,
        "form": form,
        "fields": FIELDS.values(),
        "tags": [tag.name for tag, _people in tags()],
        "languages": language_choices(),
    }
    words, people, problem = _counted(rule)
    context |= {"words": words, "people": people, "rule_problem": problem}
    if not problem:
        context["sample"] = queries.sample(rule, 6)
    return context


def _counted(rule: dict[str, Any]) -> tuple[str, int | None, str]:
    """(in words, how many, what is wrong): while somebody builds a rule, a missing value is no refusal yet."""
    try:
        return in_words(rule), queries.count(rule), ""
    except BadRule as problem:
        return "", None, problem.sentence
