"""What intake reads over and over is believed for a moment where a process has asked for that, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from envoi.channels.models import Account, Channel
from envoi.core import lately
from envoi.intake import engine
from envoi.messaging.models import Message

from .meta import said


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    lately.believe(0)


def test_unless_asked_for_everything_is_read_anew() -> None:
    reads = iter([1, 2])
    assert [lately.known("x", lambda: next(reads)) for _ in range(2)] == [1, 2]


def test_what_was_read_is_believed_until_it_is_doubted() -> None:
    lately.believe(60)
    reads = iter([1, 2])
    assert [lately.known("x", lambda: next(reads)) for _ in range(2)] == [1, 1]
    assert lately.known("y", lambda: "another question") == "another question"
    lately.doubt("x")
    assert lately.known("x", lambda: next(reads)) == 2


def test_after_its_time_it_is_read_anew() -> None:
    lately.believe(1e-9)
    reads = iter([1, 2])
    assert [lately.known("x", lambda: next(reads)) for _ in range(2)] == [1, 2]


def test_a_read_that_fails_is_not_kept() -> None:
    lately.believe(60)
    with pytest.raises(ZeroDivisionError):
        lately.known("x", lambda: 1 // 0)
    assert lately.known("x", lambda: 1) == 1


@pytest.mark.django_db
def test_a_channel_made_a_moment_ago_is_found(store: Callable[..., list[int]], account: Account) -> None:
    lately.believe(60)
    Channel.objects.all().delete()
    store(said("before", number=1))
    assert engine.step() == 1
    assert not Message.objects.exists()
    Channel.objects.create(
        account=account, name="Shop", address="+33639980000", provider_id="1099", throughput_per_second=80
    )
    store(said("after", number=2))
    assert engine.step() == 1
    assert [message.text for message in Message.objects.all()] == ["after"]
