"""Two agents at two browsers, and a customer with a phone: what one does, the other sees without reloading."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from tools.browser import chromium

from envoi.config.shop import account as demo
from envoi.contacts.actions import contact_for_person
from envoi.contacts.models import Contact
from envoi.core.events import Person
from envoi.inbox import actions, canned
from envoi.inbox.models import Conversation, InternalNote, MessageAuthor
from envoi.messaging.models import Message, Pair
from envoi.notifications.models import Notification
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .conftest import FLAGS

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery"
PHONE, OTHER = "+33639980001", "+33639980002"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")


@pytest.fixture
def ada(transactional_db: None) -> Staff:
    """Who leads the service, and answers too."""
    return staff("ada@example.com", "Ada Bernard", Staff.Role.ADMINISTRATOR)


@pytest.fixture
def ben(transactional_db: None) -> Staff:
    """A service agent."""
    return staff("ben@example.com", "Ben Okafor", Staff.Role.AGENT)


@pytest.fixture
def browser(rig: Rig) -> Iterator[Browser]:
    path = chromium()
    assert path, "the browser tests need Chromium: `make test` installs it"
    # What is waited for comes by itself, after a webhook, an engine and a stream: a busy machine takes its time.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield one
        connections.close_all()
        one.close()
    expect.set_options(timeout=5_000)


def staff(email: str, name: str, role: str) -> Staff:
    one = Staff(email=email, name=name, role=role)
    one.set_password(PASSWORD)
    one.save()
    return one


@contextmanager
def at_desk(browser: Browser, rig: Rig, who: Staff, **options: object) -> Iterator[Page]:
    """A browser of their own, signed in. The story fails when a script of the page does."""
    faults: list[str] = []
    context = browser.new_context(base_url=f"http://127.0.0.1:{rig.port}", locale="en-GB", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    yield page
    context.close()
    assert faults == []


def open_shop(rig: Rig, *, sending: bool = True) -> None:
    rig.begin(faults="none", speed=200, door="web")
    rig.shop(customers=0, throughput=80)
    for phone, name in ((PHONE, "Élodie Girard"), (OTHER, "Hugo Lambert")):
        contact_for_person(Person(phone=phone, name=name))
    Contact.objects.update(language="fr", marketing="granted")
    if sending:
        rig.start("dispatch")


def say(rig: Rig, text: str, phone: str = PHONE, **more: object) -> str:
    return rig.simulated.say(phone, number=demo.NUMBER_ID, text=text, **more)


def conversation_of(phone: str = PHONE) -> Conversation:
    found = Conversation.objects.filter(contact__phone=phone)
    wait_until(found.exists, saying="the message opened no conversation")
    return found.latest("id")


def address(one: Conversation) -> str:
    return f"/inbox/{one.contact_id}-{one.id}/"


def row(page: Page, one: Conversation) -> Locator:
    return page.locator(f"#conv-{one.contact_id}-{one.id}")


def write(page: Page, text: str) -> None:
    page.locator("#words").fill(text)
    page.locator("#words").press("Enter")


def bubble(page: Page, text: str) -> Locator:
    return page.locator("#lines .bubble").filter(has_text=text)


def drop(page: Page, name: str, data: bytes, kind: str) -> None:
    """Let go of a file over the thread."""
    held = page.evaluate_handle(
        """([name, kind, data]) => {
            const held = new DataTransfer();
            held.items.add(new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], name, { type: kind }));
            return held;
        }""",
        [name, kind, base64.b64encode(data).decode()],
    )
    page.locator("#thread").dispatch_event("drop", {"dataTransfer": held})


def test_a_message_comes_in_live_and_two_agents_do_not_get_in_each_others_way(
    rig: Rig, browser: Browser, ada: Staff, ben: Staff
) -> None:
    open_shop(rig)
    with at_desk(browser, rig, ada) as hers, at_desk(browser, rig, ben) as his:
        hers.goto("/inbox/?view=all")
        his.goto("/inbox/")
        expect(his.get_by_text("Nothing waits for you")).to_be_visible()
        his.get_by_role("link", name=re.compile("^All")).click()
        expect(hers.get_by_text("Choose a conversation")).to_be_visible()

        # It stands in both lists, and in the rail, without a reload.
        say(rig, "Where is my parcel?")
        one = conversation_of()
        for page in (hers, his):
            expect(row(page, one)).to_contain_text("Where is my parcel?")
            expect(page.locator("#rail-waiting")).to_contain_text("1")

        # Both open it: each is told of the other, first that they look, then that they write.
        row(hers, one).click()
        expect(bubble(hers, "Where is my parcel?")).to_be_visible()
        his.locator("body").press("j")
        expect(bubble(his, "Where is my parcel?")).to_be_visible()
        expect(his).to_have_url(re.compile(f"{address(one)}\\?view=all$"))
        expect(his.get_by_text("Ada Bernard has this open too")).to_be_visible()
        expect(hers.get_by_text("Ben Okafor has this open too")).to_be_visible()
        hers.locator("#words").press_sequentially("It leaves ")
        expect(his.get_by_text("Ada Bernard is writing here")).to_be_visible()
        say(rig, "It was due on Tuesday.")
        expect(bubble(his, "It was due on Tuesday.")).to_be_visible()
        expect(hers.locator("#words")).to_have_value("It leaves ")

        # The answer is in both threads with its writer's name, and its ticks come in.
        hers.locator("#words").press_sequentially("today, sorry!")
        hers.locator("#words").press("Enter")
        expect(hers.locator("#words")).to_have_value("")
        expect(bubble(his, "It leaves today, sorry!")).to_contain_text("Ada Bernard")
        expect(row(his, one).locator("[data-since]")).to_have_count(0)
        expect(bubble(his, "It leaves today, sorry!").locator(".receipt")).to_contain_text(
            re.compile("Delivered|Read"), timeout=30_000
        )

        # Hand-over: it stands among his own at once, and the thread says so.
        his.get_by_role("link", name=re.compile("^Mine")).click()
        expect(his.get_by_text("Nothing waits for you")).to_be_visible()
        hers.locator("#words").press("Escape")
        hers.locator("body").press("a")
        hers.get_by_role("combobox", name="Search people and teams").fill("okaf")
        hers.keyboard.press("Enter")
        expect(row(his, one)).to_be_visible(timeout=5_000)
        expect(his.get_by_text("Ada Bernard gave it to Ben Okafor")).to_be_visible()
    assert Notification.objects.filter(staff=ben, kind="assigned").exists()


def test_notes_call_colleagues_and_canned_replies_come_by_a_slash(
    rig: Rig, browser: Browser, ada: Staff, ben: Staff
) -> None:
    hours = canned.add(
        shortcut="hours", title="Opening hours", text="{{first_name}}, we open at ten. {{agent}}", by=ada
    )
    canned.add(shortcut="returns", title="Returns", text="You have 30 days.", by=ada)
    open_shop(rig)
    say(rig, "When do you open?")
    one = conversation_of()
    with at_desk(browser, rig, ada) as hers, at_desk(browser, rig, ben) as his:
        hers.goto(address(one))
        his.goto(address(one))

        hers.locator("#thread").press("n")
        hers.locator("#words").press_sequentially("Please look, @ok")
        expect(hers.get_by_role("option", name=re.compile("Ben Okafor"))).to_be_visible()
        hers.keyboard.press("Enter")
        expect(hers.locator("#words")).to_have_value("Please look, @Ben Okafor ")
        hers.keyboard.press("Enter")
        note = his.locator(".note-card")
        expect(note).to_contain_text("Please look, @Ben Okafor")
        expect(note).to_contain_text("only colleagues see this")
        assert list(InternalNote.objects.values_list("mentions", flat=True)) == [[ben.pk]]
        assert Notification.objects.filter(staff=ben, kind="mentioned").exists()
        assert not Message.objects.filter(direction="out").exists()

        # "/" opens the list wherever one is; letters narrow it, Enter takes, the name is filled in.
        hers.locator("#words").press("Escape")
        hers.locator("#thread").press("/")
        expect(hers.locator("#suggest [role=option]")).to_have_count(2)
        hers.keyboard.type("hou")
        expect(hers.locator("#suggest [role=option]")).to_have_count(1)
        hers.keyboard.press("Enter")
        expect(hers.locator("#words")).to_have_value("Élodie, we open at ten. Ada Bernard")
        hers.keyboard.type(" Until then!")
        hers.keyboard.press("Enter")
        expect(bubble(his, "Élodie, we open at ten. Ada Bernard Until then!")).to_be_visible()
    author = MessageAuthor.objects.get()
    assert (author.staff_id, author.canned_id, author.changed) == (ada.pk, hours.pk, True)


def test_what_was_sent_can_be_taken_back_for_five_seconds_and_drafts_stay(
    rig: Rig, browser: Browser, ada: Staff
) -> None:
    open_shop(rig)
    say(rig, "Hello?")
    say(rig, "Anybody there?", phone=OTHER)
    one, other = conversation_of(), conversation_of(OTHER)
    with at_desk(browser, rig, ada) as page:
        page.goto(address(one) + "?view=all")
        write(page, "No, we are closed for ever.")
        expect(bubble(page, "closed for ever")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#words")).to_have_value("No, we are closed for ever.")
        expect(page.get_by_text("An answer was taken back before it left")).to_be_visible()
        expect(bubble(page, "closed for ever")).to_have_count(0)
        assert Message.objects.get(direction="out").state == "cancelled"
        one.refresh_from_db()
        assert one.waiting_since is not None
        assert one.assignee_id is None

        # A draft waits where it was begun, in this browser and in any other.
        page.locator("#words").fill("Yes! What can I do")
        expect(page.get_by_text("Draft kept")).to_be_visible()
        row(page, other).click()
        expect(bubble(page, "Anybody there?")).to_be_visible()
        expect(page.locator("#words")).to_have_value("")
        row(page, one).click()
        expect(page.locator("#words")).to_have_value("Yes! What can I do")
        page.reload()
        expect(page.locator("#words")).to_have_value("Yes! What can I do")

        # What was not taken back leaves after the five seconds.
        write(page, "Yes! What can I do for you?")
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)
        wait_until(lambda: len(list(rig.simulated.accepted())) == 1, saying="the answer did not leave")


def test_when_the_window_closes_the_text_stays_and_templates_are_offered(
    rig: Rig, browser: Browser, ada: Staff
) -> None:
    open_shop(rig)
    say(rig, "Any news?")
    one = conversation_of()
    with at_desk(browser, rig, ada) as page:
        page.goto(address(one))
        expect(page.get_by_text("Window closes in")).to_be_visible()

        # The server's clock is right: a second too late gets a sentence, and the text is still there.
        Pair.objects.update(window_open_until=timezone.now() - timedelta(seconds=1))
        write(page, "Your parcel is on its way.")
        expect(page.locator("#composer-told")).to_contain_text("only a template may go")
        expect(page.locator("#words")).to_have_value("Your parcel is on its way.")
        offer = page.locator("#panel .offers a").first
        expect(offer).to_contain_text("autumn offer")
        expect(offer).to_contain_text("Marketing")
        offer.click()
        expect(page.get_by_label("{{first_name}}")).to_have_value("Élodie")
        page.get_by_label("{{code}}").fill("SORRY10")
        expect(page.locator("#template-preview")).to_contain_text("SORRY10")
        page.get_by_role("button", name="Send the template").click()
        expect(bubble(page, "SORRY10")).to_be_visible()
        expect(page.locator("#words")).to_have_value("Your parcel is on its way.")
        wait_until(lambda: len(list(rig.simulated.accepted())) == 1, saying="the template did not leave")
        assert rig.simulated.bodies()[0]["body"]["template"]["name"] == "autumn_offer"

        # They write again: the window is open again, and the text that waited goes.
        say(rig, "Are you there?")
        expect(bubble(page, "Are you there?")).to_be_visible()
        page.locator("#words").press("Enter")
        expect(bubble(page, "Your parcel is on its way.")).to_be_visible()
        wait_until(lambda: len(list(rig.simulated.accepted())) == 2, saying="the answer did not leave")

        # The page's own clock counts down to the end while somebody writes.
        page.reload()
        Pair.objects.update(window_open_until=timezone.now() + timedelta(seconds=4))
        page.locator("#words").fill("One more thing")
        page.reload()
        expect(page.locator(".closed-words").get_by_text("More than 24 hours since they wrote")).to_be_visible(
            timeout=10_000
        )
        expect(page.locator("#words")).to_have_value("One more thing")
        expect(page.locator("#panel .offers a").first).to_be_visible()


def test_files_are_dropped_buttons_are_built_and_a_program_is_refused(rig: Rig, browser: Browser, ben: Staff) -> None:
    open_shop(rig)
    say(rig, "Which one is it?")
    one = conversation_of()
    with at_desk(browser, rig, ben) as page:
        page.goto(address(one))
        drop(page, "invoice.pdf", b"MZ\x90\x00" + bytes(200), "application/pdf")
        expect(page.locator("#composer-told")).to_contain_text("WhatsApp does not carry files of this type")
        drop(page, "sleeve.png", PNG, "image/png")
        expect(page.locator("[data-chips]")).to_contain_text("sleeve.png")
        write(page, "This one")
        sent = page.locator("#lines .line.ours").last
        expect(sent.get_by_role("img", name="Picture sleeve.png")).to_be_visible()
        expect(sent).to_contain_text("This one")
        sent.get_by_role("link").first.click()
        expect(page.locator("#viewer img")).to_be_visible()
        page.keyboard.press("Escape")

        page.get_by_role("link", name="Buttons or a list").click()
        page.get_by_label("Question").fill("Shall we keep it for you?")
        page.get_by_label("Button 1").fill("Yes")
        page.get_by_label("Button 2").fill("No, thanks")
        expect(page.locator("#buttons-preview")).to_contain_text("No, thanks")
        page.locator("#panel").get_by_role("button", name="Send").click()
        expect(bubble(page, "Shall we keep it for you?")).to_contain_text("No, thanks")
        message = Message.objects.get(kind="interactive", direction="out")
        wait_until(lambda: len(list(rig.simulated.accepted())) == 2, saying="the question did not leave")
        wait_until(lambda: bool(Message.objects.get(id=message.id).provider_id), saying="its number is not known")
        message.refresh_from_db()

        # The answer quotes the question, a reaction stands on it, both without a reload.
        reply = {"type": "button_reply", "button_reply": {"id": "button-1", "title": "Yes"}}
        context = {"from": "33600000000", "id": message.provider_id}
        rig.simulated.say(
            PHONE, number=demo.NUMBER_ID, message={"type": "interactive", "interactive": reply}, context=context
        )
        answer = page.locator("#lines .line.theirs").last
        expect(answer).to_contain_text("Shall we keep it for you?")
        mark = {"type": "reaction", "reaction": {"message_id": message.provider_id, "emoji": "🙏"}}
        rig.simulated.say(PHONE, number=demo.NUMBER_ID, message=mark)
        expect(page.locator(f"#m-{message.id} .reactions")).to_contain_text("🙏")


def test_what_customers_call_themselves_and_write_is_only_ever_text(rig: Rig, browser: Browser, ada: Staff) -> None:
    open_shop(rig, sending=False)
    name = "<script>alert('name')</script>\u202egnp.exe\u200b"
    Contact.objects.filter(phone=PHONE).update(name=name)
    say(rig, "<img src=x onerror=alert('text')> *bold* <b>not</b>")
    say(rig, "مرحبا 123 abc\u200f\u200b\u2066")
    say(rig, "سلام" + " very" * 13_000)
    one = conversation_of()
    Conversation.objects.update(last_text="<i>" * 40)
    with at_desk(browser, rig, ada) as page:
        wait_until(lambda: Message.objects.count() == 3, saying="three messages came")
        for width, height in ((1280, 900), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.goto("/inbox/?view=all")
            expect(page.get_by_text("<script>alert('name')</script>").first).to_be_visible()
            page.goto(address(one) + "?view=all")
            expect(bubble(page, "<img src=x onerror=alert('text')>")).to_be_visible()
            expect(page.locator("#lines strong").filter(has_text="bold")).to_be_visible()
            expect(page.get_by_text("Show all of it")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert page.evaluate(
                "document.querySelector('#thread').scrollWidth <= document.querySelector('#thread').clientWidth"
            )
        # One pane at a time on a phone: the thread, back to the list, and the customer over it.
        expect(page.locator("#queue-rows")).to_be_hidden()
        page.get_by_role("button", name="The customer").click()
        expect(page.get_by_role("complementary", name="The customer")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Back to the list").click()
        expect(row(page, one)).to_be_visible()
        expect(page.locator("#words")).to_be_hidden()

        write_to = page.goto(address(one))
        assert write_to is not None
        write(page, "x" * 64_000)
        expect(page.locator("#composer-told")).to_contain_text("at most 4,096 characters")
        expect(page.locator("#words")).to_have_value("x" * 64_000)
    assert not Message.objects.filter(direction="out").exists()


def test_closing_snoozing_and_searching_by_the_keyboard(rig: Rig, browser: Browser, ada: Staff) -> None:
    open_shop(rig, sending=False)
    say(rig, "Thanks, that was all")
    one = conversation_of()
    with at_desk(browser, rig, ada, timezone_id="Asia/Tokyo") as page:
        page.goto("/inbox/?view=all")
        page.locator("body").press("?")
        expect(page.get_by_role("heading", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.locator("body").press("j")
        expect(bubble(page, "that was all")).to_be_visible()
        page.locator("body").press("s")
        page.get_by_role("button", name="Until tomorrow, 9:00").click()
        expect(page.get_by_text("Snoozed until")).to_be_visible()
        expect(row(page, one)).to_have_count(0)
        one.refresh_from_db()
        assert one.snoozed_until is not None
        # Nine o'clock where she sits.
        assert one.snoozed_until.hour == 0
        page.locator("body").press("e")
        expect(page.get_by_text("Conversation closed.")).to_be_visible()
        page.locator("#told").get_by_role("button").click()
        expect(row(page, one)).to_be_visible()

        # Search and filters stand in the address.
        page.locator("#thread").press("f")
        page.keyboard.type("Girard")
        expect(page).to_have_url(re.compile("q=Girard"))
        expect(row(page, one)).to_be_visible()
        page.reload()
        expect(page.get_by_role("searchbox")).to_have_value("Girard")
        expect(row(page, one)).to_be_visible()


def test_it_works_without_scripts(rig: Rig, browser: Browser, ada: Staff, ben: Staff) -> None:
    open_shop(rig, sending=False)
    say(rig, "Hello there")
    one = conversation_of()
    with at_desk(browser, rig, ada, java_script_enabled=False) as page:
        page.goto("/inbox/?view=all")
        page.get_by_role("link", name=re.compile("Hello there")).click()
        page.locator("#words").fill("y" * 4_097)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#composer-told")).to_contain_text("at most 4,096 characters")
        expect(page.locator("#words")).to_have_value("y" * 4_097)
        page.locator("#words").fill("Good morning")
        page.get_by_role("button", name="Send").click()
        expect(bubble(page, "Good morning")).to_be_visible()
        page.locator("#assign").select_option(label="Ben Okafor")
        page.get_by_role("button", name="Give").click()
        expect(page.get_by_text("Ada Bernard gave it to Ben Okafor")).to_be_visible()
        page.get_by_role("link", name="Buttons or a list").click()
        page.locator("#ask-body").fill("Tea or coffee?")
        page.locator("#ask-button-1").fill("Tea")
        page.locator("#panel").get_by_role("button", name="Send").click()
        expect(bubble(page, "Tea or coffee?")).to_be_visible()
        page.get_by_role("button", name="Close", exact=True).first.click()
        expect(page.get_by_role("button", name="Open again")).to_be_visible()
    actions.reopen(one.contact_id, one.id, by=None)
