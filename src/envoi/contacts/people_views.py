"""One contact by hand: its words, notes, consent, blocking; and the pages of attributes and of stop words."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..core.errors import BadInput
from ..core.paging import whole
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.look import language_name
from ..web.pages import go
from . import attributes, duplicates, keywords, optin, profile, queries
from .forms import AttributeForm, OptInForm, ProfileForm, WordForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, contact_id: int) -> HttpResponse:
    require(request.user, "contacts.write")
    contact = queries.contact_for(request.user, contact_id)
    form = ProfileForm(
        request.POST or None, contact=contact, known=attributes.definitions(), staff=queries.staff_to_own()
    )
    if form.is_valid():
        try:
            profile.change(contact_id, **form.values(), by=request.user)
            return redirect("reports:contact", contact_id)
        except BadInput as problem:
            # What was typed stays in the page, with the sentence above it.
            form.add_error(None, problem.sentence)
    context = {"contact": contact, "form": form}
    return render(request, "contacts/edit.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def add_note(request: StaffRequest, contact_id: int) -> HttpResponse:
    profile.add_note(contact_id, text=request.POST.get("text", ""), by=request.user)
    return go(request, "reports:contact", contact_id)


@login_required
@require_POST
def block(request: StaffRequest, contact_id: int) -> HttpResponse:
    if request.POST.get("do") == "unblock":
        profile.unblock(contact_id, by=request.user)
    else:
        profile.block(contact_id, reason=request.POST.get("reason", ""), by=request.user)
    return go(request, "reports:contact", contact_id)


@login_required
@require_POST
def consent(request: StaffRequest, contact_id: int) -> HttpResponse:
    said = {name: request.POST.get(name, "") for name in ("purpose", "state", "proof")}
    profile.write_consent(contact_id, **said, by=request.user)
    return go(request, "reports:contact", contact_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attribute_list(request: StaffRequest) -> HttpResponse:
    require(request.user, "contacts.write" if request.method == "POST" else "contacts.read")
    form = AttributeForm(request.POST or None)
    if form.is_valid():
        try:
            attributes.define(**form.values(), by=request.user)
            return redirect("contacts:attributes")
        except BadInput as problem:
            form.add_error(None, problem.sentence)
    context = {"form": form, "attributes": attributes.definitions(), "may_change": may(request.user, "contacts.write")}
    return render(request, "contacts/attributes.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def attribute_remove(request: StaffRequest) -> HttpResponse:
    attributes.undefine(request.POST.get("key", ""), by=request.user)
    return go(request, "contacts:attributes")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: StaffRequest) -> HttpResponse:
    require(request.user, "contacts.write" if request.method == "POST" else "contacts.read")
    chosen = optin.settings()
    form = WordForm(request.POST if "text" in request.POST else None)
    asking = OptInForm(request.POST if "asking" in request.POST else None, questions=optin.QUESTIONS, chosen=chosen)
    if form.is_bound and form.is_valid():
        try:
            keywords.set_word(**form.cleaned_data, by=request.user)
            _warn(request, form.cleaned_data["text"], form.cleaned_data["means"])
            return redirect("contacts:words")
        except BadInput as problem:
            form.add_error(None, problem.sentence)
    if asking.is_bound and asking.is_valid():
        try:
            keywords.set_double_opt_in(**asking.values(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect("contacts:words")
        except BadInput as problem:
            asking.add_error(None, problem.sentence)
    meanings = {"stop": _("Stop promotions"), "start": _("Ask for promotions")}
    meanings |= {"confirm": _("Confirm, when asked"), "nothing": _("Switched off")}
    listed = [
        (
            means,
            title,
            [(language_name(language) if language else _("Your own"), shown) for language, shown in found.items()],
        )
        for (means, found), title in zip(keywords.listed().items(), meanings.values(), strict=True)
        if found
    ]
    context = {
        "form": form,
        "asking": asking,
        "listed": listed,
        "question": optin.question_in(request.user.language),
        "may_change": may(request.user, "contacts.privacy"),
    }
    status = 422 if form.is_bound or asking.is_bound else 200
    return render(request, "contacts/words.html", context, status=status)


def _warn(request: StaffRequest, word: str, means: str) -> None:
    """Say which templates ask people to answer with a word whose meaning was just changed."""
    asking = keywords.asked_for_by(word)
    if not asking:
        return
    said = {"word": word, "templates": ", ".join(asking[:5])}
    if means == "stop":
        messages.warning(
            request, _("“%(word)s” now ends promotions, and these templates ask for it: %(templates)s.") % said
        )
    else:
        messages.warning(request, _("Templates ask people to answer “%(word)s”: %(templates)s.") % said)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def perhaps_the_same(request: StaffRequest) -> HttpResponse:
    if request.method == "POST":
        one, other = (whole(request.POST.get(name, "")) or 0 for name in ("one", "other"))
        duplicates.tell_apart(one, other, by=request.user)
        messages.success(request, _("They are two people, and are not suggested again."))
        return go(request, "contacts:duplicates")
    return render(request, "contacts/duplicates.html", {"pairs": duplicates.perhaps_the_same(request.user)})
