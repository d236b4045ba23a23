"""An agent at the composer: answers from the FAQ, a file that is refused, a quicker colleague, where the work is."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from envoi.config.shop import account as demo
from envoi.inbox.models import Conversation, MessageAuthor
from envoi.messaging.models import Message
from envoi.replies import actions as replies
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_inbox import (  # noqa: F401  (fixtures)
    PHONE,
    PNG,
    ada,
    address,
    at_desk,
    ben,
    browser,
    bubble,
    conversation_of,
    drop,
    open_shop,
    row,
    say,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER = "Within two days, by post."


def know(question: str, answer: str, language: str = "") -> None:
    replies.save_entry(question=question, answer=answer, language=language, by=None)


def test_answers_from_the_faq_are_put_into_the_field_and_never_sent(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ben: Staff,  # noqa: F811
) -> None:
    know("How long does delivery take?", ANSWER)
    know("Do you deliver abroad? How long does it take?", "Yes: within a week.")
    know("快递要多久？", "两天。")
    open_shop(rig, sending=False)
    say(rig, "How long does delivery take?")
    one = conversation_of()
    with at_desk(browser, rig, ben) as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url) if "suggestions" in request.url else None)
        # Off until somebody switches it on; then it is not asked for again on this page.
        page.goto(address(one))
        expect(bubble(page, "How long does delivery take?")).to_be_visible()
        say(rig, "Hello?")
        expect(bubble(page, "Hello?")).to_be_visible()
        expect(page.locator("#suggestions")).to_be_hidden()
        assert len(asked) == 1

        replies.save_settings(per_hour=5, silent_minutes=120, silent_until_closed=False, suggest=True, by=None)
        say(rig, "How long does delivery take <b>?")
        expect(bubble(page, "How long does delivery take <b>?")).to_be_visible()
        page.reload()
        offered = page.locator("#suggestions [data-insert]")
        expect(offered).to_have_count(2)
        expect(page.get_by_role("group", name="Suggested answers")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Suggested answers: 2")).to_have_count(1)

        # By the keyboard: from the field or from outside it, along the list, and into the field.
        page.locator("#words").focus()
        page.keyboard.press("Alt+ArrowUp")
        expect(offered.first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(offered.nth(1)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#words")).to_be_focused()
        page.keyboard.press("Escape")
        page.locator("#thread").press("q")
        page.keyboard.press("Enter")
        expect(page.locator("#words")).to_have_value(ANSWER)
        expect(page.locator("#words")).to_be_focused()
        assert not Message.objects.filter(direction="out").exists()

        # By a click: where the caret is, beside what was typed.
        page.locator("#words").fill("Hello! ")
        offered.first.click()
        expect(page.locator("#words")).to_have_value(f"Hello! {ANSWER}")
        assert not Message.objects.filter(direction="out").exists()

        # Not for a note; and gone once it is answered. Another question has its own.
        page.get_by_text("Note", exact=True).first.click()
        expect(page.locator("#suggestions")).to_be_hidden()
        page.get_by_text("Reply", exact=True).first.click()
        page.locator("#words").press("Enter")
        expect(bubble(page, ANSWER)).to_be_visible()
        expect(offered).to_have_count(0)
        # Providers tell whole seconds: what they write next must not seem to come before it.
        Message.objects.filter(direction="out").update(created_at=timezone.now() - timedelta(seconds=5))
        say(rig, "请问快递要多久？")
        expect(offered).to_have_count(1)
        page.get_by_role("button", name="Not now").click()
        expect(offered).to_have_count(0)


def test_why_a_file_was_refused_stays_until_it_is_read(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ben: Staff,  # noqa: F811
) -> None:
    open_shop(rig, sending=False)
    say(rig, "Which one is it?")
    one = conversation_of()
    refusal = "WhatsApp does not carry files of this type"
    with at_desk(browser, rig, ben) as page:
        page.goto(address(one))
        told = page.locator("#composer-told")
        drop(page, "setup.exe", b"MZ\x90\x00" + bytes(200), "application/pdf")
        expect(told).to_contain_text("setup.exe")
        # Nothing in a file's name turns the sentence around it.
        drop(page, "\u202egpj.exe\u202c", b"MZ\x90\x00" + bytes(200), "application/pdf")
        expect(told.locator("bdi")).to_have_text("gpj.exe")
        drop(page, "setup.exe", b"MZ\x90\x00" + bytes(200), "application/pdf")
        expect(told.locator("bdi")).to_have_text("setup.exe")
        expect(told).to_contain_text(refusal)
        page.locator("[data-send]").click()
        page.locator("[data-send]").click()
        expect(told).to_contain_text(refusal)
        expect(told).not_to_contain_text("Write something first")
        # What was written goes, and that the file did not is still said.
        write(page, "This one")
        expect(bubble(page, "This one")).to_be_visible()
        expect(told).to_contain_text(refusal)
        told.get_by_role("button", name="Close").click()
        expect(told).not_to_contain_text(refusal)
        page.locator("[data-send]").click()
        expect(told).to_contain_text("Write something first")
        # Another file takes its place.
        drop(page, "setup.exe", b"MZ\x90\x00" + bytes(200), "application/pdf")
        expect(told).to_contain_text(refusal)
        drop(page, "sleeve.png", PNG, "image/png")
        expect(page.locator("[data-chips]")).to_contain_text("sleeve.png")
        expect(told).not_to_contain_text(refusal)


def test_an_answer_right_after_a_colleagues_is_asked_about(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ada: Staff,  # noqa: F811
    ben: Staff,  # noqa: F811
) -> None:
    open_shop(rig, sending=False)
    say(rig, "Where is my parcel?")
    one = conversation_of()
    with at_desk(browser, rig, ada) as hers, at_desk(browser, rig, ben) as his:
        hers.goto(address(one))
        his.goto(address(one))
        his.locator("#words").fill("It left on Monday.")
        write(hers, "It leaves today.")
        expect(bubble(his, "It leaves today.")).to_be_visible()
        his.locator("#words").press("Enter")
        told = his.locator("#composer-told")
        expect(told).to_contain_text(re.compile("Ada Bernard answered .* s ago"))
        expect(his.locator("#words")).to_have_value("It left on Monday.")
        assert MessageAuthor.objects.count() == 1
        his.get_by_role("button", name="Send anyway").click()
        expect(bubble(his, "It left on Monday.")).to_be_visible()
        expect(his.locator("#words")).to_have_value("")
        expect(told).to_be_empty()
        # Once said is not said for ever.
        expect(his.locator("#reply input[name=anyway]")).to_have_value("")


def test_the_chosen_row_is_in_view_and_times_are_the_browsers(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ada: Staff,  # noqa: F811
) -> None:
    open_shop(rig, sending=False)
    for number in range(30):
        say(rig, f"Question {number}", phone=f"+336399810{number:02}")
    wait_until(lambda: Conversation.objects.count() == 30, saying="thirty conversations")
    oldest = Conversation.objects.order_by("last_at", "id").first()
    assert oldest is not None
    with at_desk(browser, rig, ada, timezone_id="Asia/Kolkata", viewport={"width": 1280, "height": 600}) as page:
        # Nobody has anything: the inbox opens where there is something to do.
        page.goto("/inbox/")
        expect(page).to_have_url(re.compile("view=unassigned"))
        page.goto(address(oldest) + "?view=all")
        expect(row(page, oldest)).to_be_in_viewport()
        expect(page.locator("#lines > .line").first).to_have_class(re.compile("event"))
        # The server's own words say the same as the browser's clock.
        page.goto(f"/contacts/{oldest.contact_id}/")
        at = oldest.opened_at
        there = (at.hour * 60 + at.minute + 330) % 1440
        expect(page.locator(".timeline time").first).to_contain_text(f"{there // 60:02}:{there % 60:02}")


def test_an_emoji_a_picture_from_the_clipboard_a_quote_and_a_list(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ben: Staff,  # noqa: F811
) -> None:
    open_shop(rig)
    say(rig, "Which colours are there?")
    one = conversation_of()
    with at_desk(browser, rig, ben) as page:
        page.goto(address(one))
        asked = page.locator("#lines .line.theirs").filter(has_text="Which colours")
        expect(asked).to_be_visible()

        # An emoji goes where the caret is, and is offered first the next time.
        words = page.locator("#words")
        words.fill("Hello! These:")
        words.evaluate("(one) => one.setSelectionRange(6, 6)")
        page.get_by_role("button", name="Emoji").click()
        emoji = page.get_by_role("dialog", name="Emoji")
        expect(emoji.locator(".emoji-grid button").first).to_be_focused()
        expect(page.locator("[data-emoji]")).to_have_attribute("aria-expanded", "true")
        emoji.get_by_role("tab", name="Nature").click()
        page.keyboard.press("ArrowRight")
        expect(emoji.get_by_role("button", name="🐱")).to_be_focused()
        page.keyboard.press("Enter")
        expect(words).to_have_value("Hello!🐱 These:")
        page.keyboard.press("Escape")
        expect(words).to_be_focused()
        page.get_by_role("button", name="Emoji").click()
        expect(emoji.locator(".emoji-grid button").first).to_have_text("🐱")
        page.keyboard.press("Escape")

        # A picture that was copied somewhere else is pasted into the field.
        held = page.evaluate_handle(
            """(data) => {
                const held = new DataTransfer();
                const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
                held.items.add(new File([bytes], "image.png", { type: "image/png" }));
                return held;
            }""",
            base64.b64encode(PNG).decode(),
        )
        page.evaluate(
            """(held) => document.getElementById("words").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }))""",
            held,
        )
        expect(page.locator("[data-chips]")).to_contain_text("image.png")
        expect(words).to_have_value("Hello!🐱 These:")

        # As a reply to what they asked.
        asked.hover()
        asked.locator("[data-reply-to]").click()
        expect(page.locator("[data-quote-strip]")).to_contain_text("Which colours are there?")
        words.press("Enter")
        sent = page.locator("#lines .line.ours").last
        expect(sent.get_by_role("img", name="Picture image.png")).to_be_visible()
        expect(sent.locator(".quoted")).to_contain_text("Which colours are there?")
        expect(page.locator("[data-quote-strip]")).to_be_hidden()
        wait_until(lambda: len(list(rig.simulated.accepted())) == 1, saying="the picture did not leave")
        left = rig.simulated.bodies()[0]["body"]
        assert (left["type"], left["image"]["caption"]) == ("image", "Hello!🐱 These:")
        assert left["context"]["message_id"] == Message.objects.get(direction="in").provider_id

        # A reaction to it.
        asked.hover()
        asked.locator("[data-react]").click()
        emoji.get_by_role("tab", name="Signs").click()
        page.keyboard.press("Enter")
        expect(asked.locator(".reactions")).to_contain_text("❤️")
        wait_until(lambda: len(list(rig.simulated.accepted())) == 2, saying="the reaction did not leave")
        assert rig.simulated.bodies()[1]["body"]["reaction"]["emoji"] == "❤️"

        # A list: what opens it and its lines; what the customer chose comes back as its line.
        page.get_by_role("link", name="Buttons or a list").click()
        panel = page.locator("#panel")
        panel.get_by_text("A list of up to ten").click()
        panel.get_by_label("Question").fill("Which one shall we keep?")
        panel.get_by_label("What opens the list").fill("Colours")
        for number, (title, more) in enumerate([("Blue", "In stock"), ("Green", "")], 1):
            panel.get_by_label(f"Line {number}", exact=True).fill(title)
            panel.get_by_label(f"Under line {number}", exact=True).fill(more)
        panel.get_by_role("button", name="Send").click()
        question = bubble(page, "Which one shall we keep?")
        question.get_by_text("Colours").click()
        expect(question.get_by_text("In stock")).to_be_visible()
        wait_until(lambda: len(list(rig.simulated.accepted())) == 3, saying="the list did not leave")
        action = rig.simulated.bodies()[2]["body"]["interactive"]["action"]
        assert action["button"] == "Colours"
        assert [line["title"] for line in action["sections"][0]["rows"]] == ["Blue", "Green"]
        chosen = {"type": "list_reply", "list_reply": {"id": "row-2", "title": "Green"}}
        rig.simulated.say(PHONE, number=demo.NUMBER_ID, message={"type": "interactive", "interactive": chosen})
        expect(page.locator("#lines .line.theirs").last).to_contain_text("Green")
