"""A marketer makes a rule by the page and tries it; a customer writes, and the answer arrives on their phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from envoi.config.shop import account as demo
from envoi.inbox import actions as inbox
from envoi.inbox.models import Conversation
from envoi.messaging.models import Message
from envoi.messaging.sending import What
from envoi.replies import actions as replies
from envoi.replies.models import PromoCode, ReplyRule
from envoi.team.models import Staff
from tests.rig import Rig, wait_until
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMER = "33639980001"


def arrived(rig: Rig) -> list[str]:
    """The texts that the provider took for this customer, oldest first."""
    bodies = [one["body"] for one in rig.simulated.bodies()]
    return [one["text"]["body"] for one in bodies if one["type"] == "text" and CUSTOMER in one["to"]]


def test_a_rule_made_by_the_page_gives_a_customer_their_code(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    rig.shop(customers=0, throughput=80)
    rig.start("dispatch")
    sign_in(page)

    # A pool of codes.
    page.get_by_role("link", name="Replies").click()
    page.get_by_role("link", name="Promo codes").click()
    page.get_by_role("link", name="New pool").first.click()
    page.get_by_label("Name").fill("Spring")
    page.get_by_label("What is said when none is left").fill("All codes are gone.")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Codes, one a line").fill("SPRING-1\nSPRING-2")
    page.get_by_role("button", name="Add codes").click()
    expect(page.get_by_text("2 codes added.")).to_be_visible()

    # A rule that gives them out: its fields change without the page being loaded again.
    page.goto("/replies/new/")
    page.get_by_label("Name").fill("Discount")
    page.get_by_label("Keywords").fill("réduction, discount, 优惠")
    page.get_by_text("Add an action").click()
    page.get_by_role("button", name="Give a one-time code").click()
    expect(page.get_by_label("Pool of codes")).to_be_visible()
    expect(page.get_by_label("Keywords")).to_have_value("réduction, discount, 优惠")
    page.get_by_role("button", name="Remove this action").first.click()
    expect(page.get_by_role("button", name="Remove this action")).to_have_count(1)
    page.get_by_label("Text").fill("Voilà {{first_name|ami}} : {{code}}")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("“Discount” is saved.")).to_be_visible()
    assert ReplyRule.objects.get().actions[0]["do"] == "promo"

    # The test bench, as one types.
    page.get_by_role("link", name="Test bench").click()
    page.get_by_label("The customer writes").press_sequentially("une reducton svp")
    expect(page.locator("#seen")).to_contain_text("“reducton” is one typo away from a keyword")
    expect(page.locator("#seen .bubble").last).to_contain_text("Voilà ami : SPRING-1")
    page.get_by_label("The customer writes").fill("stop")
    expect(page.locator("#seen")).to_contain_text("means STOP")
    assert not Message.objects.exists()

    # The customer writes; the answer is on their phone.
    rig.simulated.say(CUSTOMER, number=demo.NUMBER_ID, text="Bonjour, une réduction ?")
    wait_until(lambda: arrived(rig) != [], saying="no answer arrived")
    [answer] = arrived(rig)
    assert answer.endswith(": SPRING-1")
    assert PromoCode.objects.filter(contact_id=Conversation.objects.get().contact_id).count() == 1

    # A person answers: the rules are silent.
    conversation = Conversation.objects.get()
    inbox.reply(
        conversation.contact_id, conversation.id, What("text", {"body": "It is Olga."}, "It is Olga."), by=owner
    )
    rig.simulated.say(CUSTOMER, number=demo.NUMBER_ID, text="réduction encore ?")
    wait_until(lambda: Message.objects.filter(direction="in").count() == 2, saying="the second message never came")
    wait_until(lambda: "It is Olga." in arrived(rig), saying="the person's answer never left")
    assert len(arrived(rig)) == 2


def test_rules_are_dragged_into_their_order(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    for name in ("One", "Two", "Three"):
        said = [{"do": "text", "texts": [{"language": "", "text": name}]}]
        replies.save_rule(name=name, trigger={"on": "any"}, actions=said, by=None)
    sign_in(page)
    page.goto("/replies/")
    rows = page.locator(".rules > li")
    expect(rows).to_contain_text(["One", "Two", "Three"])
    grip = page.locator("[data-grip]")

    def drag(place: int, onto: int, *, give_up: bool = False) -> None:
        grip.nth(place).hover()
        page.mouse.down()
        box = rows.nth(onto).bounding_box()
        assert box
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] * (0.9 if onto > place else 0.1), steps=6)
        if give_up:
            page.keyboard.press("Escape")
        page.mouse.up()

    drag(2, 0)
    wait_until(lambda: order() == ["Three", "One", "Two"], saying="the dragged rule did not stay where it was dropped")
    expect(rows).to_contain_text(["Three", "One", "Two"])
    expect(grip).to_have_text(["1", "2", "3"])
    drag(0, 1)
    wait_until(lambda: order() == ["One", "Three", "Two"], saying="a rule can't be dragged down")
    expect(rows).to_contain_text(["One", "Three", "Two"])
    # Escape puts it back, and nothing is sent.
    drag(0, 2, give_up=True)
    expect(rows).to_contain_text(["One", "Three", "Two"])
    page.reload()
    expect(rows).to_contain_text(["One", "Three", "Two"])


def order() -> list[str]:
    return list(ReplyRule.objects.order_by("position").values_list("name", flat=True))


@pytest.mark.parametrize("width", [1280, 390])
def test_the_empty_page_offers_rules_that_work_at_once(rig: Rig, page: Page, owner: Staff, width: int) -> None:
    rig.begin(faults="none", door="web")
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page)
    page.goto("/replies/")
    expect(page.get_by_text("No rules yet")).to_be_visible()
    page.get_by_role("button", name="Add these").click()
    expect(page.get_by_text("6 rules added.")).to_be_visible()
    page.get_by_role("button", name="Move “Thanks” up").click()
    expect(page.locator(".rules > li").nth(2)).to_contain_text("Thanks")
    page.get_by_role("button", name="Switch “Thanks” off").click()
    expect(page.get_by_role("button", name="Switch “Thanks” on")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Every way to be told of something can be ticked without scrolling sideways.
    page.goto("/notifications/settings/")
    assert page.locator(".wants").evaluate("table => table.scrollWidth <= table.clientWidth")
    expect(page.get_by_label("Promo codes run out: Browser")).to_be_in_viewport(ratio=1)
