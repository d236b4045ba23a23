"""Files on their way out: one upload for all, reused until it ends, and nothing uncertain about any of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psycopg
import pytest
from django.conf import settings
from django.test import Client as Browser
from psycopg_pool import ConnectionPool

from envoi.core import clock
from envoi.core.storage import Folder
from envoi.dispatch import store
from envoi.dispatch.deliver import deliver, not_ready
from envoi.dispatch.files import Files, Waiting
from envoi.media import uploads
from envoi.media.models import File, Upload
from envoi.messaging import ledger
from envoi.messaging.ledger import Claimed, PutBack, Refused, Sent
from envoi.providers import base
from envoi.providers.http import Client
from envoi.providers.table import PROVIDERS
from tests.media.conftest import Connect, Connected, connect, library_file, picture, simulated
from tests.media.files import PDF, png
from tests.messaging.helpers import people
from tests.providers.simulated import ANA, Listener, entries
from tests.rig import Rig, wait_until

__all__ = ["connect", "picture", "simulated"]

FOUR = ("meta", "twilio", "bird", "zenvia")


class Counting(Client):
    """The real client, which also remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = base.MEBIBYTE
    ) -> base.Answer:
        self.asked.append((method, urlsplit(url).path))
        return await super().request(method, url, headers, body, most=most)

    @property
    def uploads(self) -> int:
        return sum(method == "POST" and path.endswith(("/media", "/files", "/storage")) for method, path in self.asked)


Work = Callable[[Files, Counting, store.Route], Awaitable[Any]]


@contextmanager
def pool_of(url: str) -> Iterator[ConnectionPool[psycopg.Connection[Any]]]:
    with ConnectionPool(url, min_size=1, max_size=4, timeout=10, open=True) as pool:
        yield pool


def work(url: str, connected: Connected, what: Work, *, storage: Folder | None = None) -> Any:
    """Run `what` as a dispatcher would: its own pool, client and Files."""

    async def run(pool: ConnectionPool[psycopg.Connection[Any]]) -> Any:
        with pool.connection() as db:
            route = store.routes(db, allow_base_url=True)[connected.channel.pk]
        async with Counting() as http:
            files = Files(pool, http, storage)
            try:
                return await what(files, http, route)
            finally:
                await files.close()

    with pool_of(url) as pool:
        return asyncio.run(run(pool))


def message(content: dict[str, Any] | None, *, number: int = 1) -> Claimed:
    return Claimed(
        id=number,
        contact_id=number,
        lane_id=1,
        recipient=ANA,
        promotional=False,
        values=None,
        content=content,
        attempts=1,
        expires_at=None,
        lease_until=clock.now() + timedelta(minutes=2),
    )


def soon(seconds: float = 20.0) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize("provider", FOUR)
def test_a_picture_of_the_library_goes_out_through_each_provider(
    provider: str, connect: Connect, picture: File, test_database_url: str, client: Browser
) -> None:
    shop = connect(provider)
    shop.say(text="hello")

    async def send(files: Files, http: Counting, route: store.Route) -> tuple[Any, Any]:
        one = message({"kind": "image", "file": picture.pk, "caption": "Summer"})
        whole, form = await files.ready(route, one, None, until=soon())
        outcome, error = await deliver(PROVIDERS[provider], http, route.account, route.channel, whole, form)
        assert error is None, error
        return whole.content, outcome

    content, outcome = work(test_database_url, shop, send)
    assert isinstance(outcome, Sent)
    assert entries(shop.simulated, "kind") or shop.simulated.ledger()["accepted"] == 1
    if provider in ("meta", "zenvia"):
        assert content["id"] == Upload.objects.get().provider_id
    else:
        assert not Upload.objects.exists()
        link = urlsplit(content["link"])
        answer = client.get(link.path)
        assert answer.status_code == 200
        assert (answer.content, answer["Content-Type"]) == (png(), "image/png")
        assert client.get(link.path.replace("/public/", "/public/9")).status_code == 404
    assert "file" not in content


def test_bird_gen_2_takes_an_upload(connect: Connect, picture: File, test_database_url: str) -> None:
    shop = connect("bird", credentials={"mode": "gen2", "workspace_id": "workspace"}, mode="gen2")

    async def send(files: Files, http: Counting, route: store.Route) -> Any:
        whole, _ = await files.ready(route, message({"kind": "image", "file": picture.pk}), None, until=soon())
        return whole.content

    content = work(test_database_url, shop, send)
    assert content["id"].startswith("http")
    assert Upload.objects.get().expires_at is None


def test_fifty_messages_share_one_upload(connect: Connect, picture: File, test_database_url: str) -> None:
    async def all_at_once(files: Files, http: Counting, route: store.Route) -> tuple[int, int]:
        many = [message({"kind": "image", "file": picture.pk}, number=number) for number in range(50)]
        ready = await asyncio.gather(*(files.ready(route, one, None, until=soon()) for one in many))
        return len({str(whole.content) for whole, _ in ready}), http.uploads

    shop = connect("meta")
    assert work(test_database_url, shop, all_at_once) == (1, 1)
    # Another dispatcher, later: the id is known, so nothing is uploaded.
    assert work(test_database_url, shop, all_at_once) == (1, 0)


def test_two_dispatchers_share_one_upload(connect: Connect, picture: File, test_database_url: str) -> None:
    async def both(first: Files, http: Counting, route: store.Route) -> int:
        with pool_of(test_database_url) as other:
            second = Files(other, http)
            one = message({"kind": "image", "file": picture.pk})
            await asyncio.gather(
                first.ready(route, one, None, until=soon()), second.ready(route, one, None, until=soon())
            )
            await second.close()
        return http.uploads

    assert work(test_database_url, connect("meta"), both) == 1


def test_after_it_ended_a_file_is_uploaded_again(connect: Connect, picture: File, test_database_url: str) -> None:
    async def send(files: Files, http: Counting, route: store.Route) -> int:
        await files.ready(route, message({"kind": "image", "file": picture.pk}), None, until=soon())
        return http.uploads

    shop = connect("meta")
    assert work(test_database_url, shop, send) == 1
    first = Upload.objects.get()
    assert first.expires_at is not None
    assert timedelta(days=29) < first.expires_at - clock.now() < timedelta(days=31)
    # Within the margin it is as good as ended: the message could wait somewhere on its way.
    Upload.objects.update(expires_at=clock.now() + uploads.MARGIN / 2)
    assert work(test_database_url, shop, send) == 1
    assert Upload.objects.get().provider_id != first.provider_id


def test_a_dispatcher_killed_while_uploading_holds_nobody_up_for_long(
    connect: Connect, picture: File, raw_db: psycopg.Connection[Any], test_database_url: str
) -> None:
    """Killed between the upload and its record: the claim lapses, and the file goes up once more."""
    shop = connect("meta")
    assert uploads.claim(raw_db, shop.account.pk, picture.pk, lasts=timedelta(minutes=5))
    assert not uploads.claim(raw_db, shop.account.pk, picture.pk, lasts=timedelta(minutes=5))

    async def send(files: Files, http: Counting, route: store.Route) -> Any:
        one = message({"kind": "image", "file": picture.pk})
        with pytest.raises(Waiting) as refusal:
            await files.ready(route, one, None, until=soon(0.6))
        outcome, _ = not_ready(one, refusal.value)
        assert isinstance(outcome, PutBack), "it is given back before its lease ends, never uncertain"
        assert outcome.reason == "file_waits"
        raw_db.execute("UPDATE uploads SET claimed_until = now() - interval '1 second'")
        whole, _ = await files.ready(route, one, None, until=soon())
        return whole.content

    assert work(test_database_url, shop, send)["id"] == Upload.objects.get().provider_id


def test_an_id_that_the_provider_let_go_of_is_replaced_once(
    connect: Connect, picture: File, test_database_url: str
) -> None:
    shop = connect("meta")
    shop.say(text="hello")
    old = clock.now() - timedelta(days=3)
    Upload.objects.create(
        account=shop.account, file=picture, provider_id="424242", uploaded_at=old, expires_at=clock.now() + timedelta(9)
    )

    async def send(files: Files, http: Counting, route: store.Route) -> list[Any]:
        one = message({"kind": "image", "file": picture.pk})
        told: list[Any] = []
        for _ in range(2):
            whole, _form = await files.ready(route, one, None, until=soon())
            outcome, _error = await deliver(PROVIDERS["meta"], http, route.account, route.channel, whole, None)
            code = outcome.failure.code if isinstance(outcome, Refused) else "131053"
            renewed = await files.renew(route, one, None, (whole, None), code)
            told.append((type(outcome), renewed))
        return told

    # Had the young id been refused as well, its age would not be the cause: that refusal stands.
    assert work(test_database_url, shop, send) == [(Refused, True), (Sent, False)]


def test_the_header_of_a_whole_lane_is_filled_and_its_cards_too(
    connect: Connect, picture: File, test_database_url: str
) -> None:
    leaflet = library_file(PDF, "Été 2026.pdf", "application/pdf")
    card = base.Card(header={"type": "image", "image": {"file": picture.pk}})
    form = base.Form("autumn", "fr", header={"type": "document", "document": {"file": leaflet.pk}}, cards=(card, card))

    async def fill(files: Files, http: Counting, route: store.Route) -> Any:
        _, filled = await files.ready(route, message(None), form, until=soon())
        return filled, http.uploads

    filled, count = work(test_database_url, connect("meta"), fill)
    ids = dict(Upload.objects.values_list("file_id", "provider_id"))
    assert filled.header == {"type": "document", "document": {"id": ids[leaflet.pk], "filename": "Été 2026.pdf"}}
    assert [card.header["image"] for card in filled.cards] == [{"id": ids[picture.pk]}] * 2
    assert count == 2
    assert form.header == {"type": "document", "document": {"file": leaflet.pk}}, "the lane's own form is as it was"


@pytest.mark.parametrize("trouble", ["deleted", "missing"])
def test_a_file_that_is_not_there_fails_its_message_and_holds_a_lane(
    trouble: str, connect: Connect, picture: File, test_database_url: str
) -> None:
    if trouble == "missing":
        (Path(settings.MEDIA_ROOT) / picture.path).unlink()
    wanted = picture.pk + (1000 if trouble == "deleted" else 0)
    form = base.Form("autumn", "fr", header={"type": "image", "image": {"file": wanted}})

    async def fill(files: Files, http: Counting, route: store.Route) -> Any:
        with pytest.raises(base.Rejected) as alone:
            await files.ready(route, message({"kind": "image", "file": wanted}), None, until=soon())
        with pytest.raises(base.TemplateProblem):
            await files.ready(route, message(None), form, until=soon())
        return not_ready(message(None), alone.value)[0], http.asked

    outcome, asked = work(test_database_url, connect("meta"), fill)
    assert isinstance(outcome, Refused)
    assert outcome.failure.code == f"file_{trouble}"
    assert asked == []


def test_a_provider_out_of_reach_puts_the_message_back(connect: Connect, picture: File, test_database_url: str) -> None:
    shop = connect("meta")
    shop.account.base_url = "http://127.0.0.1:9"
    shop.account.save()

    async def send(files: Files, http: Counting, route: store.Route) -> Any:
        one = message({"kind": "image", "file": picture.pk})
        for _ in range(20):
            with pytest.raises(base.Unreachable) as refusal:
                await files.ready(route, one, None, until=soon())
        return not_ready(one, refusal.value)[0], http.uploads

    outcome, tries = work(test_database_url, shop, send)
    assert isinstance(outcome, PutBack)
    assert outcome.until > datetime.now(UTC)
    assert tries == 1, "who comes within the next seconds is told the same without another try"
    assert Upload.objects.get().claimed_until is None


def test_an_answer_that_never_came_is_not_uncertain_as_nobody_was_written_to(
    connect: Connect, picture: File, test_database_url: str
) -> None:
    shop = connect("meta")

    def hang_up(body: bytes, headers: dict[str, str]) -> int:
        raise ConnectionAbortedError

    deaf = Listener(hang_up)
    shop.account.base_url = deaf.url.removesuffix("/hooks/meta/key")
    shop.account.save()

    async def send(files: Files, http: Counting, route: store.Route) -> int:
        with pytest.raises(base.Unreachable):
            await files.ready(route, message({"kind": "image", "file": picture.pk}), None, until=soon())
        return http.uploads

    try:
        assert work(test_database_url, shop, send) == 1
    finally:
        deaf.close()


def test_a_name_full_of_tricks_uploads_as_any_other(connect: Connect, test_database_url: str) -> None:
    file = library_file(png(shade=9), '../../../etc/pass"wd\r\nX: y\u202egnp.exe.png', "image/png")
    assert "/" not in file.name
    assert file.name.endswith(".png")

    async def send(files: Files, http: Counting, route: store.Route) -> Any:
        whole, _ = await files.ready(route, message({"kind": "document", "file": file.pk}), None, until=soon())
        return whole.content

    content = work(test_database_url, connect("meta"), send)
    assert content == {"kind": "document", "id": Upload.objects.get().provider_id, "filename": file.name}


def test_a_message_without_files_is_left_exactly_as_it_is(connect: Connect, test_database_url: str) -> None:
    form = base.Form("autumn", "fr", header={"type": "image", "image": {"link": "https://example.com/a.png"}})

    async def same(files: Files, http: Counting, route: store.Route) -> bool:
        one = message({"kind": "text", "body": "file"})
        whole, filled = await files.ready(route, one, form, until=soon())
        return whole is one and filled is form

    assert work(test_database_url, connect("meta"), same)
    assert msgspec.to_builtins(form)


@pytest.mark.parametrize("lost", [False, True])
def test_the_dispatcher_itself_sends_fifty_pictures_with_one_upload(lost: bool, rig: Rig, picture: File) -> None:
    """Also when the provider has lost the file, and many messages find that out at the same time."""
    rig.begin(faults="none")
    campaign = rig.shop(customers=0, throughput=80)
    if lost:
        old, later = clock.now() - timedelta(days=3), clock.now() + timedelta(days=9)
        Upload.objects.create(
            account=campaign.channel.account, file=picture, provider_id="42", uploaded_at=old, expires_at=later
        )
    contact_ids = people(rig.db, 50)
    rig.open_windows(campaign.channel_id)
    with rig.db.transaction():
        phones = dict(rig.db.execute("SELECT id, phone FROM contacts").fetchall())
        lane_id = ledger.add_lane(rig.db, campaign.channel_id, priority=0)
        for contact_id in contact_ids:
            ledger.enqueue(
                rig.db,
                contact_id=contact_id,
                channel_id=campaign.channel_id,
                lane_id=lane_id,
                recipient=phones[contact_id],
                kind="image",
                category="service",
                text="",
                content={"kind": "image", "file": picture.pk},
            )
    script = [{"phone": phone, "window_open": True} for phone in phones.values()]
    rig.simulated._call("POST", "/_simulator/scenario", {"customers": script})
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() == 0, saying="the pictures did not leave")
    assert rig.simulated.ledger()["accepted"] == 50
    assert rig.number("SELECT count(*) FROM messages WHERE state IN ('failed', 'uncertain')") == 0
    assert rig.number("SELECT count(*) FROM uploads WHERE provider_id NOT IN ('', '42')") == 1
