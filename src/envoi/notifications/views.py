"""One's own notifications: the bell, the list, where one wants to be told; and the browser's part in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..core.errors import BadInput
from ..core.zones import zones
from ..team import presence
from ..team.requests import StaffRequest
from ..web.pages import go
from . import actions, push, queries
from .forms import WantsForm
from .wants import USUAL, ways

WORKER = Path(__file__).parent / "static" / "notifications" / "service-worker.js"
IN_BELL = 8


@login_required
@never_cache
@require_GET
def show_all(request: StaffRequest) -> HttpResponse:
    """Everything that one was told in the last two months, newest first."""
    before = request.GET.get("before", "")
    found = queries.latest(request.user, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    older = found[-1].id if len(found) == queries.PAGE else None
    return render(request, "notifications/list.html", {"told": found, "older": older})


@login_required
@never_cache
@require_GET
def bell(request: StaffRequest) -> HttpResponse:
    """The list under the bell."""
    told = queries.latest(request.user, limit=IN_BELL)
    return render(request, "notifications/_bell.html", {"told": told, "unread": queries.unread(request.user)})


@login_required
@never_cache
@require_POST
def here(request: StaffRequest) -> JsonResponse:
    """A page is open: who looks at it is there. Answers how many notifications are new."""
    presence.call(request.user, language=get_language() or "")
    return JsonResponse({"unread": queries.unread(request.user)})


@login_required
@require_POST
def be(request: StaffRequest) -> HttpResponse:
    """Choose to be online, away or offline."""
    presence.choose(request.user, request.POST.get("present", ""))
    back = request.POST.get("next", "")
    return redirect(back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/")


@login_required
@never_cache
@require_GET
def follow(request: StaffRequest, notification_id: int) -> HttpResponse:
    """Go where a notification leads; it is read with that."""
    return redirect(actions.opened(request.user, notification_id))


@login_required
@require_POST
def read(request: StaffRequest) -> HttpResponse:
    """All of them are read."""
    actions.mark_read(request.user)
    if getattr(request, "htmx", False):
        return bell_after(request)
    return go(request, "notifications:list")


def bell_after(request: StaffRequest) -> HttpResponse:
    """The list under the bell, after something in it changed."""
    told = queries.latest(request.user, limit=IN_BELL)
    return render(request, "notifications/_bell.html", {"told": told, "unread": 0})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: StaffRequest) -> HttpResponse:
    """Where one wants to be told of what."""
    kept = queries.settings_of(request.user)
    chosen = {kind: ways(kept, kind) for kind in USUAL}
    if request.method == "POST":
        form = WantsForm(request.POST, chosen=chosen)
        if form.is_valid():
            try:
                actions.set_wants(request.user, **form.values())
            except BadInput as problem:
                form.add_error(None, problem.sentence)
            else:
                messages.success(request, _("Saved."))
                return redirect("notifications:settings")
    else:
        initial: dict[str, Any] = {"zone": kept.zone if kept else "UTC"}
        if kept:
            initial |= {"quiet_from": kept.quiet_from, "quiet_to": kept.quiet_to}
        form = WantsForm(initial=initial, chosen=chosen)
    context = {
        "form": form,
        "zones": zones(),
        "browsers": queries.browsers_of(request.user),
        "push_key": push.public_key(),
    }
    return render(request, "notifications/settings.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def subscribe(request: StaffRequest) -> HttpResponse:
    """This browser wants to be told; the body is what its push service gave it (PushSubscription.toJSON)."""
    try:
        given = json.loads(request.body[:8_000])
        endpoint, keys = str(given["endpoint"]), given["keys"]
        p256dh, auth, label = str(keys["p256dh"]), str(keys["auth"]), str(given.get("label", ""))
    except (ValueError, KeyError, TypeError):
        raise BadInput(_("The browser’s keys can’t be read. Switch notifications off and on again.")) from None
    push.subscribe(request.user, endpoint=endpoint, p256dh=p256dh, auth=auth, label=label)
    return HttpResponse(status=204)


@login_required
@require_POST
def unsubscribe(request: StaffRequest) -> HttpResponse:
    """This browser, or one of one's others, is told no more."""
    number = request.POST.get("browser", "")
    if number.isdecimal() and len(number) < 19:
        push.unsubscribe(request.user, subscription_id=int(number))
    else:
        push.unsubscribe(request.user, endpoint=request.POST.get("endpoint", "")[:2_000])
    return go(request, "notifications:settings")


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root: only from there may it open every page. Nothing in it is secret."""
    answer = HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
