"""Rules in their order, the page of one, the test bench, pools of codes, the FAQ, what holds for all rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import BadInput
from ..core.paging import whole
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.charts import Chart, Series
from ..web.pages import go, page_or_piece
from ..web.templatetags.look import count
from . import actions, calling, codes, drafts, queries, suggesting, telling
from . import ready as ready_made
from .trials import trial_from, trial_page


@login_required
@require_safe
def rule_list(request: StaffRequest) -> HttpResponse:
    return page_or_piece(request, "replies/list.html", "replies/_rules.html", _rules(request))


@login_required
@require_POST
def move(request: StaffRequest, rule_id: int) -> HttpResponse:
    """One place up or down, or to the place where it was dropped."""
    to = request.POST.get("to", "")
    if to in ("up", "down"):
        actions.move(rule_id, 1 if to == "down" else -1, by=request.user)
    else:
        actions.move_to(rule_id, _number(to), by=request.user)
    return _moved(request)


@login_required
@require_POST
def switch(request: StaffRequest, rule_id: int) -> HttpResponse:
    actions.set_enabled(rule_id, request.POST.get("to") == "on", by=request.user)
    return _moved(request)


@login_required
@require_POST
def ready(request: StaffRequest) -> HttpResponse:
    made = ready_made.take(request.POST.getlist("key"), by=request.user)
    if not made:
        messages.warning(request, _("No rule was added: tick those that you want."))
        return go(request, "replies:list")
    said = ngettext("%(number)d rule added.", "%(number)d rules added.", len(made)) % {"number": len(made)}
    messages.success(request, said)
    return go(request, "replies:list")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, rule_id: int | None = None) -> HttpResponse:
    require(request.user, "replies.read" if rule_id is not None and request.method != "POST" else "replies.write")
    rule = queries.rule_for(request.user, rule_id) if rule_id is not None else None
    if request.method == "POST":
        draft = drafts.draft_sent(request.POST)
        do = request.POST.get("do", "")
        if do == "save":
            saved = actions.save_rule(**draft.given(), by=request.user, rule_id=rule_id)
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return go(request, "replies:list")
        draft.press(do)
    else:
        draft = drafts.draft_of(rule) if rule else drafts.empty()
    context: dict[str, Any] = {
        "rule": rule,
        "draft": draft,
        "offers": drafts.offers(request.user),
        "triggers": telling.TRIGGERS.items(),
        "hows": telling.HOW.items(),
        "kinds": telling.MEDIA.items(),
        "doings": telling.ACTIONS.items(),
        "priorities": telling.PRIORITIES.items(),
        "may_write": may(request.user, "replies.write"),
    }
    if rule and request.method != "POST":
        context |= _fared(request, rule)
        given = {one.get("pool") for one in rule.actions}
        context["low"] = [one for one in queries.pools(request.user) if one.is_low and one.pool.pk in given]
    return page_or_piece(request, "replies/edit.html", "replies/_draft.html", context)


@login_required
@require_POST
def delete(request: StaffRequest, rule_id: int) -> HttpResponse:
    rule = queries.rule_for(request.user, rule_id)
    actions.delete_rule(rule_id, by=request.user)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": rule.name})
    return go(request, "replies:list")


@login_required
@require_POST
def repeat_call(request: StaffRequest, rule_id: int, contact_id: int, call_id: int) -> HttpResponse:
    require(request.user, "replies.write")
    calling.repeat(contact_id, call_id)
    return go(request, "replies:show", rule_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bench(request: StaffRequest) -> HttpResponse:
    """What would happen to a message."""
    asked = trial_from(request.POST if request.method == "POST" else request.GET, by=request.user)
    context = trial_page(asked, by=request.user)
    return page_or_piece(request, "replies/bench.html", "replies/_seen.html", context)


@login_required
@require_safe
def pool_list(request: StaffRequest) -> HttpResponse:
    context = {"pools": queries.pools(request.user), "may_write": may(request.user, "replies.write")}
    return render(request, "replies/pools.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pool(request: StaffRequest, pool_id: int | None = None) -> HttpResponse:
    require(request.user, "replies.read" if pool_id is not None and request.method != "POST" else "replies.write")
    filled = queries.pool_for(request.user, pool_id) if pool_id is not None else None
    if request.method == "POST":
        texts = zip(request.POST.getlist("language"), request.POST.getlist("text"), strict=False)
        saved = codes.save_pool(
            name=request.POST.get("name", ""),
            again=request.POST.get("again", ""),
            low_at=_number(request.POST.get("low_at", "")),
            empty=[{"language": language, "text": text} for language, text in texts],
            by=request.user,
            pool_id=pool_id,
        )
        messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
        return go(request, "replies:pool", saved.pk)
    texts_now = list(filled.pool.empty) if filled else [{"language": "", "text": ""}]
    context = {
        "filled": filled,
        "texts": [*texts_now, *([{"language": "", "text": ""}] if filled else [])],
        "taken": queries.taken_codes(request.user, pool_id) if pool_id is not None else [],
        "may_write": may(request.user, "replies.write"),
    }
    return render(request, "replies/pool.html", context)


@login_required
@require_POST
def add_codes(request: StaffRequest, pool_id: int) -> HttpResponse:
    text = request.POST.get("pasted", "")
    if (file := request.FILES.get("file")) is not None:
        if (file.size or 0) > codes.MOST_BYTES:
            raise BadInput(_("The file is larger than 20 MB: split it."))
        text += ("\n" if text else "") + file.read().decode("utf-8-sig", "replace")
    added = codes.add_codes(pool_id, text, by=request.user)
    said = ngettext("%(number)s code added.", "%(number)s codes added.", added.added) % {"number": count(added.added)}
    if added.known:
        said += " " + ngettext("%(number)d was known already.", "%(number)d were known already.", added.known) % {
            "number": added.known
        }
    (messages.success if added.added else messages.warning)(request, said)
    if added.refused:
        words = ngettext(
            "%(number)d line was left out: a code has 1 to 60 characters, no comma, semicolon or tab. %(lines)s",
            "%(number)d lines were left out: a code has 1 to 60 characters, no comma, semicolon or tab. %(lines)s",
            len(added.refused),
        )
        lines = ", ".join(added.refused[:5]) + (" …" if len(added.refused) > 5 else "")
        messages.warning(request, words % {"number": len(added.refused), "lines": lines})
    return go(request, "replies:pool", pool_id)


@login_required
@require_POST
def remove_codes(request: StaffRequest, pool_id: int) -> HttpResponse:
    gone = codes.remove_codes(pool_id, by=request.user)
    said = ngettext("%(number)s code taken out.", "%(number)s codes taken out.", gone) % {"number": count(gone)}
    messages.success(request, said)
    return go(request, "replies:pool", pool_id)


@login_required
@require_POST
def delete_pool(request: StaffRequest, pool_id: int) -> HttpResponse:
    codes.delete_pool(pool_id, by=request.user)
    messages.success(request, _("The pool is deleted."))
    return go(request, "replies:pools")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def for_all(request: StaffRequest) -> HttpResponse:
    """What holds for all rules."""
    kept = queries.settings(request.user)
    if request.method == "POST":
        actions.save_settings(
            per_hour=_number(request.POST.get("per_hour", "")),
            silent_minutes=_number(request.POST.get("silent_minutes", "")),
            silent_until_closed=request.POST.get("silent_until_closed") == "on",
            suggest=request.POST.get("suggest") == "on",
            by=request.user,
        )
        messages.success(request, _("Saved."))
        return go(request, "replies:settings")
    may_write = may(request.user, "replies.write")
    context = {"kept": kept, "may_write": may_write, "secret": calling.secret() if may_write else ""}
    return render(request, "replies/settings.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def faq(request: StaffRequest) -> HttpResponse:
    """Common questions with their answers."""
    search = request.GET.get("q", "").strip()
    if request.method == "POST":
        actions.save_entry(
            question=request.POST.get("question", ""),
            answer=request.POST.get("answer", ""),
            language=request.POST.get("language", ""),
            by=request.user,
            entry_id=whole(request.POST.get("entry", "")),
        )
        messages.success(request, _("Saved."))
        return go(request, "replies:faq")
    changed = whole(request.GET.get("change", ""))
    every = queries.entries(request.user)
    context = {
        "entries": [one for one in every if search.casefold() in f"{one.question} {one.answer}".casefold()],
        "any": bool(every),
        "search": search,
        "entry": queries.entry_for(request.user, changed) if changed is not None else None,
        "suggests": queries.settings(request.user).suggest,
        "may_write": may(request.user, "replies.write"),
    }
    return page_or_piece(request, "replies/faq.html", "replies/_entries.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def suggestions(request: StaffRequest) -> HttpResponse:
    """Answers from the FAQ for what a customer asked, as a piece for the composer. What they wrote is better posted:
    addresses are written into logs."""
    given = request.POST if request.method == "POST" else request.GET
    text, language = given.get("text", "")[:2_000], given.get("language", "")[:12]
    found = suggesting.suggest(text, language=language, by=request.user)
    context = {"suggestions": found, "into": given.get("into", "text")[:60]}
    answer = render(request, "replies/_suggestions.html", context)
    if not queries.settings(request.user).suggest:
        # Whoever asks for each message need not go on asking.
        answer["X-Suggestions"] = "off"
    return answer


@login_required
@require_POST
def delete_entry(request: StaffRequest, entry_id: int) -> HttpResponse:
    actions.delete_entry(entry_id, by=request.user)
    return go(request, "replies:faq")


def _moved(request: StaffRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "replies/_rules.html", _rules(request))
    return go(request, "replies:list")


def _rules(request: StaffRequest) -> dict[str, Any]:
    search = request.GET.get("q", "").strip()
    names, fired = telling.Names(), queries.fired_lately(request.user)
    every = queries.rules(request.user)
    rows: list[dict[str, Any]] = [
        {
            "rule": one,
            "place": place,
            "when": telling.when(one),
            "asks": telling.asks(one, names),
            "does": telling.does(one, names),
            "fired": fired.get(one.pk, 0),
        }
        for place, one in enumerate(every, 1)
    ]
    if search:
        rows = [row for row in rows if search.casefold() in f"{row['rule']} {row['when']}".casefold()]
    return {
        "rows": rows,
        "last": len(every),
        "any": bool(every),
        "search": search,
        "low": [one for one in queries.pools(request.user) if one.is_low and one.rules],
        "offered": ready_made.offered(request.user),
        "may_write": may(request.user, "replies.write"),
    }


def _fared(request: StaffRequest, rule: queries.ReplyRule) -> dict[str, Any]:
    fared = queries.fared(request.user, rule.pk)
    series = Series(_("Fired"), [count for _day, count in fared.days])
    return {
        "fared": fared,
        "chart": Chart("bar", [day.isoformat() for day, _count in fared.days], [series]),
        "calls": queries.calls_of(request.user, rule.pk),
    }


def _number(text: str) -> int:
    """A whole number as typed, or one that no setting allows."""
    found = whole(text.strip())
    return -1 if found is None else found
