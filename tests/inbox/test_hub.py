"""Which pages hear of what: everything, what is for one person, and pages that want one kind of event alone."""

from __future__ import annotations

from envoi.inbox.hub import Hub, Page


async def heard(page: Page) -> str:
    return (await page.take(0.01)).decode()


async def test_a_page_that_wants_notifications_hears_its_own_and_nothing_else() -> None:
    hub = Hub("postgresql:///nowhere")
    bell, inbox, other = Page(1, "notification"), Page(1), Page(2, "notification")
    hub.pages |= {bell, inbox, other}
    hub.pass_on('{"what":"message","contact":5,"conversation":6}')
    hub.pass_on('{"what":"notification","to":1}')
    hub.pass_on("no JSON at all")
    assert await heard(bell) == 'event: notification\ndata: {"what":"notification","to":1}\n\n'
    assert "event: message" in await heard(inbox)
    assert await heard(other) == ""
