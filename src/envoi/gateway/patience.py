"""A time limit for what is read from clients, cheap enough to be set for every request."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any


class Patience:
    """`with patience:` raises TimeoutError in what takes longer than `seconds`, once in a task at a time.

    One timer for all: asyncio.timeout would make one for each request, which cost more than checking its signature.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # In the order in which they began, so the first one is the oldest.
        self._begun: dict[asyncio.Task[Any], float] = {}
        self._ended: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> None:
        # Python 3.11 asks the system for the process's id each time when it is asked which loop runs.
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._begun[self._this_task()] = time.monotonic()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._this_task()
        del self._begun[task]
        if task in self._ended:
            self._ended.discard(task)
            if kind is asyncio.CancelledError:
                task.uncancel()
                raise TimeoutError from error

    def _look(self) -> None:
        assert self._loop is not None
        self._timer = None
        now = time.monotonic()
        for task, begun in self._begun.items():
            if (left := begun + self._seconds - now) > 0:
                self._timer = self._loop.call_later(left, self._look)
                return
            if task not in self._ended:
                self._ended.add(task)
                task.cancel()

    def _this_task(self) -> asyncio.Task[Any]:
        task = asyncio.current_task(self._loop)
        assert task is not None
        return task
