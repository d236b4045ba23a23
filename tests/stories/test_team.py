"""Coming onto the team, being given rights, being signed out, leaving: in the browsers of those whom it happens to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from envoi.channels.models import Account, Channel
from envoi.contacts.models import Contact
from envoi.core.vault import seal
from envoi.inbox.models import Conversation
from envoi.team.actions import add_staff
from envoi.team.models import Staff
from tests.rig import Rig
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(rig: Rig, page: Page) -> Iterator[Page]:
    """Another browser, in which somebody else is."""
    browser = page.context.browser
    assert isinstance(browser, Browser)
    context = browser.new_context(base_url=f"http://127.0.0.1:{rig.port}", locale="en-GB")
    yield context.new_page()
    context.close()


def test_invited_given_rights_signed_out_and_left(rig: Rig, page: Page, second: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    colleague = add_staff(email="ben@example.com", role="agent", name="Ben Okri", password="a long sentence", by=None)
    sign_in(page)
    page.get_by_role("link", name="Team", exact=True).click()

    # Invited by a link that is copied, and accepted in another browser.
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail").fill("nina@example.com")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.get_by_label("Link", exact=True).input_value()
    second.goto("/team/join/" + link.split("/team/join/")[1])
    second.get_by_label("Your name").fill("Nina New")
    second.get_by_label("Password", exact=True).fill("a sentence of Nina's")
    second.get_by_label("The same password again").fill("a sentence of Nina's")
    second.get_by_role("button", name="Come in").click()
    expect(second.get_by_text("Welcome to Envoi, Nina New.")).to_be_visible()
    nina = Staff.objects.get(email="nina@example.com")

    # She sees no audit log until the owner gives her the right.
    assert second.goto("/team/audit/").status == 403  # type: ignore[union-attr]
    page.goto(f"/team/people/{nina.pk}/")
    page.get_by_role("checkbox", name="Read who changed what").check()
    page.get_by_role("button", name="Save the rights").click()
    expect(page.get_by_text("given beside the role")).to_be_visible()
    second.goto("/team/audit/")
    deeds = second.locator("#audit-rows")
    expect(deeds.get_by_text("Changed somebody’s rights")).to_be_visible()
    expect(deeds.get_by_text("Read who changed what").first).to_be_visible()

    # Signed out from the owner's browser: hers asks for the password at the next step.
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("button", name="Sign them out").click()
    expect(page.get_by_text("browser is signed out")).to_be_visible()
    second.goto("/team/sessions/")
    expect(second.get_by_role("button", name="Sign in")).to_be_visible()

    # She leaves: what she had goes to Ben, and her password opens nothing any more.
    conversation = work_of(nina)
    page.goto(f"/team/people/{nina.pk}/leave/")
    page.get_by_label("Their open conversations go to").select_option(label="Ben Okri")
    page.get_by_label("Contacts they look after go to").select_option(label="Ben Okri")
    page.get_by_role("button", name="Switch access off and hand over").click()
    expect(page.get_by_text("No access", exact=True)).to_be_visible()
    conversation.refresh_from_db()
    assert (conversation.assignee, conversation.contact.owner) == (colleague, colleague)
    second.get_by_label("E-mail").fill("nina@example.com")
    second.get_by_label("Password").fill("a sentence of Nina's")
    second.get_by_role("button", name="Sign in").click()
    expect(second.get_by_role("heading", name="No access any more")).to_be_visible()
    assert second.goto("/team/sessions/").url.split("?")[0].endswith("/account/login/")  # type: ignore[union-attr]

    # Let in again, and all of it stands in the log.
    page.get_by_role("button", name="Let them in again").click()
    page.get_by_role("button", name="Let them in", exact=True).click()
    expect(page.get_by_text("Nina New may sign in again.")).to_be_visible()
    page.goto("/team/audit/?subject=nina")
    for words in ("Let somebody in again", "Switched somebody’s access off", "Came onto the team"):
        expect(page.locator("#audit-rows").get_by_text(words).first).to_be_visible()


def work_of(staff: Staff) -> Conversation:
    """An open conversation of theirs, with a contact whom they look after."""
    account = Account.objects.create(
        provider="meta", name="Shop", provider_id="1", credentials=seal({"token": "x"}), hook_key="k"
    )
    channel = Channel.objects.create(account=account, name="Main", address="+33639980000", provider_id="1")
    contact = Contact.objects.create(phone="+33639980001", name="Zoé", owner=staff)
    return Conversation.objects.create(contact=contact, channel=channel, assignee=staff)
