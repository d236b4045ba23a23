"""Templates and questions with buttons, from the composer: chosen, filled, previewed, sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..core.errors import NotAllowed, Problem
from ..message_templates.wording import Header
from ..messaging.sending import ValuesMissing, Words
from ..team.requests import StaffRequest
from ..team.rights import require
from . import actions, offers, panes
from .asked import asked
from .asking import Question, content_of, message_of, question
from .keeping import kept
from .opening import Open
from .showing import Drawn
from .speech import speech
from .views import whole_page
from .writing_views import done

MEDIA = ("image", "video", "document", "gif")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form of a template."""

    id: str
    name: str
    label: str = ""
    mark: str = ""
    value: str = ""
    placeholder: str = ""
    problem: str = ""
    type: str = "text"


@login_required
@require_safe
def templates(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """What may go to this customer, the fitting ones first."""
    one = _writable(request, contact_id, conversation_id)
    found = offers.offers(request.user, one.contact, one.channel_id, window_is_open=one.window_is_open)
    return _panel(request, one, "inbox/_templates.html", {"offers": found})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: StaffRequest, contact_id: int, conversation_id: int, template_id: int) -> HttpResponse:
    """One template: its form; a preview of what is filled in; sending."""
    one = _writable(request, contact_id, conversation_id)
    offer = offers.offer_for(request.user, one.contact, one.channel_id, template_id, window_is_open=one.window_is_open)
    places, heads = offers.places_of(offer)
    values = offers.start_values(request.user, offer, one.contact)
    chosen: dict[str, dict[str, Any]] = {}
    if request.method == "POST":
        values = {place.key: request.POST.get(f"value.{place.key}", "")[:1024] for place in places}
        chosen = {head.key: _given(request, head) for head in heads}
        if request.POST.get("do") == "preview":
            bubble = offers.bubble_for(offer, values, chosen)
            return render(request, "inbox/_template_preview.html", {"bubble": bubble})
    problem, problems = "", dict.fromkeys(values, "")
    if request.method == "POST":
        try:
            for head in heads:
                chosen[head.key] |= _uploaded(request, head)
            words = Words(template_id=template_id, values=values, headers=chosen)
            sent = actions.reply(contact_id, conversation_id, words, by=request.user)
            return done(request, contact_id, conversation_id, "inbox:sent", messages=[sent], template=True)
        except ValuesMissing as missing:
            problem = missing.sentence
            problems = offers.problems_in(places, missing.problems)
        except NotAllowed:
            raise
        except Problem as refusal:
            problem = refusal.sentence
    fields = [
        Field(
            id=f"value-{place.key}",
            name=f"value.{place.key}",
            mark="{{" + place.key + "}}" if place.kind == "text" else place.key,
            value=values.get(place.key, ""),
            placeholder=place.sample,
            problem=problems.get(place.key, ""),
        )
        for place in places
    ]
    context = {
        "offer": offer,
        "fields": fields,
        "headers": [_head_fields(head, chosen.get(head.key, {})) for head in heads],
        "bubble": offers.bubble_for(offer, values, chosen),
        "problem": problem,
    }
    return _panel(request, one, "inbox/_template_form.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def buttons(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """A question with buttons or a list: its form, a preview, sending."""
    one = _writable(request, contact_id, conversation_id)
    given, problem = Question(body=request.GET.get("body", "")[:1024]), ""
    if request.method == "POST":
        given = question(request.POST)
        if request.POST.get("do") == "preview":
            return render(request, "inbox/_buttons_preview.html", {"row": _preview(given)})
        try:
            sent = actions.reply(contact_id, conversation_id, message_of(given), by=request.user)
            return done(request, contact_id, conversation_id, "inbox:sent", messages=[sent], template=True)
        except NotAllowed:
            raise
        except Problem as refusal:
            problem = refusal.sentence
    return _panel(request, one, "inbox/_buttons.html", {"given": given, "problem": problem, "row": _preview(given)})


def _writable(request: StaffRequest, contact_id: int, conversation_id: int) -> Open:
    require(request.user, "inbox.write")
    return panes.opened(request.user, contact_id, conversation_id, asked(request.GET))


def _panel(request: StaffRequest, one: Open, piece: str, context: dict[str, Any]) -> HttpResponse:
    """The piece for the composer's panel; without scripts the page with it in its place."""
    if getattr(request, "htmx", False):
        return render(request, piece, {"open": one} | context)
    wanted = asked(request.GET)
    whole = panes.conversation(request, one.contact_id, one.id, wanted)
    return whole_page(request, whole | context | {"panel": piece, "panel_problem": context.get("problem")}, wanted)


def _preview(given: Question) -> Drawn:
    said = speech("interactive", inbound=False, text=given.body, content=content_of(given))
    return Drawn("message", "preview", panes.moment_now(), ours=True, speech=said)


def _given(request: StaffRequest, head: Header) -> dict[str, Any]:
    """What was written for a header, without a file."""
    names = {"location": ("latitude", "longitude", "name", "address"), "product": ("product_retailer_id", "catalog_id")}
    found = {
        name: request.POST.get(f"header.{head.key}.{name}", "").strip()[:1000] for name in names.get(head.kind, ())
    }
    if head.kind in MEDIA:
        found = {"link": request.POST.get(f"header.{head.key}.link", "").strip()[:2000]}
    return {name: value for name, value in found.items() if value}


def _uploaded(request: StaffRequest, head: Header) -> dict[str, Any]:
    given = request.FILES.get(f"header.{head.key}.file")
    if given is None:
        return {}
    return {"file": kept(given, by=request.user).pk}


def _head_fields(head: Header, given: dict[str, Any]) -> dict[str, Any]:
    words = {
        "image": _("Picture above the text"),
        "video": _("Video above the text"),
        "document": _("Document above the text"),
        "gif": _("Animation above the text"),
        "location": _("Place above the text"),
        "product": _("Product above the text"),
    }
    labels = {
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "name": _("Name"),
        "address": _("Address"),
        "product_retailer_id": _("Product"),
        "catalog_id": _("Catalogue"),
        "link": _("or a link to it"),
        "file": _("File"),
    }
    names: tuple[str, ...] = ("file", "link")
    if head.kind == "location":
        names = ("latitude", "longitude", "name", "address")
    elif head.kind == "product":
        names = ("product_retailer_id", "catalog_id")
    fields = [
        Field(
            id=f"header-{head.key}-{name}",
            name=f"header.{head.key}.{name}",
            label=labels[name],
            value=str(given.get(name, "")) or (head.sample if name == "link" else ""),
            type="file" if name == "file" else "text",
        )
        for name in names
    ]
    return {"words": words.get(head.kind, head.kind), "fields": fields}
