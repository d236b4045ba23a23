"""Segments: the list, the page on which a rule is built, lists of people, ready-made ones, tags that follow."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.paging import whole
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.downloads import download
from ..web.pages import go, page_or_piece
from . import actions, people, queries, tagging
from . import ready as ready_made
from .errors import BadRule, Superseded, TooSlow
from .forms import JOINS, Row, RuleForm
from .known import Known
from .offers import offers
from .saying import in_words, remarks


@login_required
@require_safe
def segment_list(request: StaffRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    every = queries.segments(request.user)
    known = Known()
    uses = queries.uses_of_all()
    rows = [
        (one, *_said(one.rule, known, is_list=one.kind == "list"), uses.get(one.pk, 0))
        for one in every
        if search.casefold() in one.name.casefold()
    ]
    context = {"rows": rows, "any": bool(every), "search": search}
    return page_or_piece(request, "segments/list.html", "segments/_rows.html", context)


@login_required
@require_safe
def count(request: StaffRequest, segment_id: int) -> HttpResponse:
    """A row's number, counted now: the list shows what was counted last and asks for the rest one after the other."""
    segment = queries.segment_for(request.user, segment_id)
    context: dict[str, Any] = {"segment": segment}
    try:
        segment.counted = queries.counted(segment.rule, limit=0).people
        segment.counted_at = actions.remember_count(segment.pk, segment.counted)
    except TooSlow as slow:
        context["about"] = slow.about
    except BadRule as problem:
        context["problem"] = problem.sentence
    return render(request, "segments/_number.html", context)


@login_required
@require_safe
def export(request: StaffRequest, segment_id: int) -> HttpResponseBase:
    """Everybody in it as a file."""
    name, header, rows = people.export(request.user, segment_id)
    return download(slugify(name) or _("segment"), request.GET.get("as"), header, rows)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, segment_id: int | None = None) -> HttpResponse:
    require(request.user, "segments.read" if segment_id is not None else "segments.write")
    segment = queries.segment_for(request.user, segment_id) if segment_id is not None else None
    if segment and segment.kind == "list":
        return _list_page(request, segment)
    known = Known()
    if request.method != "POST":
        form = RuleForm.of(segment.name, segment.rule, known) if segment else RuleForm.empty(known)
        return render(request, "segments/edit.html", _context(request, segment, form, known))
    form = RuleForm.sent(request.POST, known)
    do = request.POST.get("do", "")
    if do == "save":
        saved = actions.save_segment(name=form.name, rule=form.rule(), by=request.user, segment_id=segment_id)
        messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
        return go(request, "segments:show", saved.pk)
    context = _context(request, segment, form, known)
    # A sample that is drawn anew has another salt behind the same shape.
    context["redraw"] = form.shape != request.POST.get("shape") or do.startswith("redraw")
    if context.get("superseded") and not context["redraw"]:
        return HttpResponse(status=204)
    return page_or_piece(request, "segments/edit.html", "segments/_answer.html", context)


@login_required
@require_POST
def why(request: StaffRequest, segment_id: int | None = None) -> HttpResponse:
    """Which conditions hold for one person, by the rule as it stands on the page."""
    require(request.user, "segments.read")
    known = Known()
    context: dict[str, Any] = {"asked": request.POST.get("who", "").strip()[:200], "answered": True}
    found = queries.contacts_named(request.user, context["asked"]) if context["asked"] else []
    contact = found[0] if found else None
    # Of several with one name the newest is answered for; the others are one press away.
    context |= {"contact": contact, "others": found[1:]}
    if contact is not None:
        try:
            context["why"] = queries.why(RuleForm.sent(request.POST, known).rule(), contact.pk)
        except BadRule as problem:
            context["why_problem"] = problem.sentence
    return render(request, "segments/_why.html", context)


@login_required
@require_POST
def delete(request: StaffRequest, segment_id: int) -> HttpResponse:
    segment = queries.segment_for(request.user, segment_id)
    actions.delete_segment(segment_id, by=request.user)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": segment.name})
    return go(request, "segments:list")


@login_required
@require_POST
def start_tag(request: StaffRequest, segment_id: int) -> HttpResponse:
    one = tagging.start(segment_id, tag=request.POST.get("tag", ""), by=request.user)
    messages.success(request, _("The tag “%(tag)s” follows this segment now.") % {"tag": one.tag.name})
    return go(request, "segments:show", segment_id)


@login_required
@require_POST
def stop_tag(request: StaffRequest, segment_id: int, auto_tag_id: int) -> HttpResponse:
    tagging.stop(auto_tag_id, keep=request.POST.get("keep") == "on", by=request.user)
    return go(request, "segments:show", segment_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ready(request: StaffRequest) -> HttpResponse:
    """Ready-made segments, each said in words, to be added one by one or all at once."""
    if request.method == "POST":
        keys = request.POST.getlist("key")
        made = ready_made.take(keys, tags=request.POST.get("tags") == "on", by=request.user)
        said = ngettext("%(number)d segment added.", "%(number)d segments added.", len(made))
        messages.success(request, said % {"number": len(made)})
        return go(request, "segments:list")
    known = Known()
    groups: dict[str, list[tuple[ready_made.Ready, str]]] = {}
    for one in ready_made.ready(request.user):
        groups.setdefault(str(one.group), []).append((one, in_words(one.rule, known)))
    return render(request, "segments/ready.html", {"groups": groups, "may_write": may(request.user, "segments.write")})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_list(request: StaffRequest) -> HttpResponse:
    require(request.user, "segments.write")
    if request.method == "POST":
        made = actions.save_list(name=request.POST.get("name", ""), by=request.user)
        return go(request, "segments:show", made.pk)
    return render(request, "segments/new_list.html")


@login_required
@require_POST
def add_people(request: StaffRequest, segment_id: int) -> HttpResponse:
    """Add whom a segment chooses now, or whose numbers were pasted."""
    other = whole(request.POST.get("from", ""))
    if other is not None:
        rule = queries.segment_for(request.user, other).rule
        listed = actions.add_chosen(segment_id, rule=rule, by=request.user)
    else:
        country = request.POST.get("country", "").strip().upper()[:2]
        listed = actions.add_pasted(segment_id, text=request.POST.get("pasted", ""), country=country, by=request.user)
    said = ngettext("%(number)d person added.", "%(number)d people added.", listed.added) % {"number": listed.added}
    if listed.already:
        said += " " + ngettext("%(number)d was on it already.", "%(number)d were on it already.", listed.already) % {
            "number": listed.already
        }
    messages.success(request, said)
    if listed.unknown:
        named = ", ".join(listed.unknown[:10])
        more = len(listed.unknown) - 10
        words = _("Nobody has: %(named)s") % {"named": named}
        if more > 0:
            words += " " + ngettext("and %(number)d more", "and %(number)d more", more) % {"number": more}
        messages.warning(request, words)
    return go(request, "segments:show", segment_id)


@login_required
@require_POST
def remove_people(request: StaffRequest, segment_id: int) -> HttpResponse:
    chosen = [key for one in request.POST.getlist("contact") if (key := whole(one)) is not None]
    removed = actions.remove_people(segment_id, chosen, by=request.user)
    said = ngettext("%(number)d person taken off the list.", "%(number)d people taken off the list.", removed)
    messages.success(request, said % {"number": removed})
    return go(request, "segments:show", segment_id)


def _list_page(request: StaffRequest, segment: queries.Segment) -> HttpResponse:
    if request.method == "POST":
        actions.save_list(name=request.POST.get("name", ""), by=request.user, segment_id=segment.pk)
        return go(request, "segments:show", segment.pk)
    on_it = queries.counted(segment.rule, limit=0).people
    actions.remember_count(segment.pk, on_it)
    context = {
        "segment": segment,
        "people": on_it,
        "members": queries.members(segment),
        "others": [one for one in queries.segments(request.user) if one.pk != segment.pk],
        **_around(request, segment),
    }
    return render(request, "segments/people.html", context)


def _context(request: StaffRequest, segment: queries.Segment | None, form: RuleForm, known: Known) -> dict[str, Any]:
    """The page's form, what it may offer, and whom its rule chooses now."""
    rows = [one for one in form.top.walk() if isinstance(one, Row)]
    context: dict[str, Any] = {
        "segment": segment,
        "form": form,
        "joins": JOINS,
        "offers": offers(rows, known, segment=segment),
        "may_write": may(request.user, "segments.write"),
    }
    if segment and request.method != "POST":
        context |= _around(request, segment)
    rule = form.rule()
    try:
        context["words"] = in_words(rule, known)
        context["remarks"] = remarks(rule, known)
        found = queries.counted(rule, asker=form.asker, known=known)
        context |= {"people": found.people, "sample": found.sample}
        if segment and request.method != "POST":
            actions.remember_count(segment.pk, found.people)
    except BadRule as problem:
        context["rule_problem"] = problem.sentence
        # A new page has an empty condition, which nobody has to be told.
        context["unfilled"] = segment is None and request.method != "POST"
    except TooSlow as slow:
        context |= {"too_slow": slow.sentence, "about": slow.about}
    except Superseded:
        context["superseded"] = True
    return context


def _around(request: StaffRequest, segment: queries.Segment) -> dict[str, Any]:
    uses = queries.uses_of(segment)
    return {
        "uses": uses,
        "tags_that_follow": [one for one in queries.auto_tags(request.user) if one.segment_id == segment.pk],
        "may_write": may(request.user, "segments.write"),
        "may_export": may(request.user, "contacts.export"),
    }


def _said(rule: dict[str, Any], known: Known, *, is_list: bool) -> tuple[str, str]:
    """(in words, what is wrong)."""
    if is_list:
        return _("A list of people"), ""
    try:
        return in_words(rule, known), " ".join(remarks(rule, known))
    except BadRule as problem:
        return "", problem.sentence
