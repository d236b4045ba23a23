"""The pages on which templates are written: who may, what is refused beside its field, what is lost (nothing)."""

from __future__ import annotations

import pytest
from django.test import Client

from envoi.channels.models import Account
from envoi.message_templates.models import Template, TemplateSync
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
FIELDS = {"language": "en", "category": "marketing", "shape": "plain", "header": "", "buttons": "0", "cards": "0"}
GOOD = {**FIELDS, "name": "autumn", "body": "Hello {{first_name}}, autumn is here.", "sample-first_name": "Ana"}


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(Staff.objects.create(email=f"{role}@example.com", role=role))
    return client


@pytest.fixture
def template(account: Account) -> Template:
    return Template.objects.create(
        account=account,
        name="winter",
        language="en",
        category="marketing",
        state="rejected",
        reason="INVALID_FORMAT",
        provider_id="77",
        components=[{"type": "BODY", "text": "Winter is here."}],
    )


@pytest.mark.parametrize("role", ["owner", "administrator", "marketer"])
def test_who_writes_campaigns_writes_templates(role: str, account: Account) -> None:
    client = signed_in(role)
    assert client.get("/templates/new/").status_code == 200
    answer = client.post("/templates/new/", {**GOOD, "account": account.pk, "do": "save"})
    made = Template.objects.get(name="autumn")
    assert answer["Location"] == f"/templates/{made.pk}/"
    assert (made.state, made.provider_id) == ("draft", "")
    assert b"Hand in for review" in client.get(f"/templates/{made.pk}/").content


@pytest.mark.parametrize("role", ["agent", "analyst"])
def test_others_read_templates_and_no_address_lets_them_write(role: str, template: Template) -> None:
    client = signed_in(role)
    page = client.get(f"/templates/{template.pk}/").content.decode()
    assert "Winter is here." in page
    assert "Delete" not in page
    assert "/templates/new/" not in client.get("/templates/").content.decode()
    before = Template.objects.values().get()
    for path in ("new/", f"{template.pk}/edit/", f"{template.pk}/copy/"):
        assert client.get(f"/templates/{path}").status_code == 403
        assert client.post(f"/templates/{path}", {**GOOD, "do": "save"}).status_code == 403
    for verb in ("submit", "forget", "delete"):
        assert client.post(f"/templates/{template.pk}/{verb}").status_code == 403
    assert client.post(f"/templates/syncs/{template.account_id}/ask").status_code == 403
    assert Template.objects.values().get() == before
    assert not TemplateSync.objects.exists()


def test_every_problem_stands_beside_its_field_and_what_was_typed_stays(account: Account) -> None:
    client = signed_in("marketer")
    bad = {
        **FIELDS,
        "account": account.pk,
        "do": "save",
        "name": "Autumn Offer",
        "language": "tlh",
        "header": "text",
        "header_text": "Autumn 🍂",
        "body": "{{first_name}}, " + "x" * 2000,
        "footer": "Bye {{name}}",
        "buttons": "11",
        **{f"button-{n}-kind": "quick_reply" for n in range(11)},
        **{f"button-{n}-text": f"No {n}" for n in range(11)},
    }
    answer = client.post("/templates/new/", bad)
    html = answer.content.decode()
    assert answer.status_code == 422
    for field, words in {
        "name": "only small letters",
        "header_text": "can’t hold emoji",
        "body": "at most 1024 characters",
        "footer": "has no variables",
    }.items():
        beside = html.partition(f'id="id_{field}_error"')[2][:300]
        assert words in beside, field
    assert 'id="id_language_error"' in html
    assert "at most 10 buttons; this one has 11" in html
    assert "No 10" in html
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"do": "save"},
        {"do": "save", "account": "x", "buttons": "-1", "cards": "999999999999"},
        {**GOOD, "do": "save", "account": "0"},
        {**GOOD, "do": "drop_button:99"},
        {**GOOD, "do": "drop_button:x", "minutes": "9" * 30, "category": "authentication"},
        {**GOOD, "do": "save", "shape": "carousel", "cards": "3", "card_button_0": "nonsense"},
        {**GOOD, "do": "add_card", "shape": "carousel", "cards": "12"},
    ],
)
def test_forms_that_no_page_sends_are_answered_all_the_same(data: dict[str, str], account: Account) -> None:
    assert signed_in("marketer").post("/templates/new/", data).status_code in (200, 422)
    assert not Template.objects.exists()


def test_while_one_types_the_preview_and_the_samples_follow(account: Account) -> None:
    client = signed_in("marketer")
    html = client.post("/templates/new/", {**GOOD, "account": account.pk}, headers=HTMX).content.decode()
    assert "Hello Ana, autumn is here." in html
    assert 'id="samples" hx-swap-oob="true"' in html
    known = {**GOOD, "account": account.pk, "shown_samples": "first_name"}
    assert 'id="samples"' not in client.post("/templates/new/", known, headers=HTMX).content.decode()
    drawn = client.post("/templates/new/", {**known, "do": "add_button"}, headers=HTMX).content.decode()
    assert 'name="button-0-kind"' in drawn
    assert "This field is required" not in drawn


def test_cards_appear_with_a_button_each_when_the_form_is_chosen(account: Account) -> None:
    chosen = {**GOOD, "account": account.pk, "shape": "carousel", "cards": "2", "do": "redraw"}
    html = signed_in("marketer").post("/templates/new/", chosen, headers=HTMX).content.decode()
    for name in ("card-0-link", "card-0-0-text", "card-0-0-value", "card-1-0-text"):
        assert f'name="{name}"' in html


def test_a_name_that_is_taken_and_a_change_of_one_in_review_are_sentences(template: Template) -> None:
    client = signed_in("marketer")
    taken = {**GOOD, "account": template.account_id, "name": "winter", "do": "save"}
    answer = client.post("/templates/new/", taken)
    assert answer.status_code == 422
    assert "in this language already" in answer.content.decode()
    Template.objects.update(state="pending")
    answer = client.get(f"/templates/{template.pk}/edit/")
    assert answer.status_code == 409
    assert "looking at this template" in answer.content.decode()


def test_a_refused_template_shows_the_reason_and_its_change_waits_to_be_handed_in(template: Template) -> None:
    client = signed_in("marketer")
    assert "INVALID_FORMAT" in client.get(f"/templates/{template.pk}/").content.decode()
    assert "Winter is here." in client.get(f"/templates/{template.pk}/edit/").content.decode()
    changed = {**FIELDS, "account": template.account_id, "body": "Winter came.", "do": "submit", "name": "other"}
    assert client.post(f"/templates/{template.pk}/edit/", changed).status_code == 302
    template.refresh_from_db()
    assert template.name == "winter"
    assert template.draft is not None
    assert template.work == "handing_in"
    page = client.get(f"/templates/{template.pk}/").content.decode()
    assert "Being handed in" in page
    assert "data-live-url" in page


def test_what_the_editor_does_not_know_is_not_lost_by_it(template: Template) -> None:
    odd = [{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "VOICE_CALL", "text": "Call"}]}]
    Template.objects.update(components=odd)
    answer = signed_in("owner").get(f"/templates/{template.pk}/edit/")
    assert answer.status_code == 409
    assert "change it at the provider" in answer.content.decode()


def test_a_comparison_is_asked_for_and_its_result_is_shown(account: Account) -> None:
    client = signed_in("marketer")
    assert "Never compared yet" in client.get("/templates/syncs/").content.decode()
    assert client.post(f"/templates/syncs/{account.pk}/ask").status_code == 302
    assert "Asking the provider" in client.get("/templates/syncs/").content.decode()
    TemplateSync.objects.update(state="failed", trouble="The token is not valid.")
    assert "The token is not valid." in client.get("/templates/syncs/").content.decode()
    assert client.post("/templates/syncs/999/ask").status_code == 404


def test_another_language_begins_with_the_same_words(template: Template) -> None:
    client = signed_in("marketer")
    answer = client.post(f"/templates/{template.pk}/copy/", {"language": "fr"})
    made = Template.objects.get(language="fr")
    assert answer["Location"] == f"/templates/{made.pk}/edit/"
    assert made.components == template.components
    assert client.post(f"/templates/{template.pk}/copy/", {"language": ""}).status_code == 422
