"""The worker's work on one import: for one worker at a time, and what stands in its row when it ends early."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import translation

from ..core.errors import Problem
from .board import Board, Cancelled, board_of
from .models import Import

log = logging.getLogger(__name__)


@contextmanager
def work_on(import_id: int, states: Collection[str]) -> Iterator[tuple[Import, Board] | None]:
    """The import and its board, in the language of who started it; None when it is in none of these states.

    Raises StillRunning when another worker has it in hand.
    """
    with board_of(import_id) as board:
        one = Import.objects.select_related("started_by").get(pk=import_id)
        if one.state not in states:
            yield None
            return
        with translation.override(one.started_by.language if one.started_by else settings.LANGUAGE_CODE):
            yield one, board


@contextmanager
def told_on(board: Board, *, stopped: str) -> Iterator[None]:
    """Write into the import's row why what is inside ended early; `stopped`: when by an error of our own.

    Raises OperationalError when the database went away, since then it may run again, and errors of our own.
    """
    try:
        yield
    except Cancelled:
        board.end(Import.State.CANCELLED)
    except Problem as problem:
        board.end(Import.State.FAILED, problem.sentence)
    except (OperationalError, psycopg.OperationalError):
        connection.close()
        raise
    except Exception:
        log.exception("import %s", board.import_id)
        board.end(Import.State.FAILED, stopped)
        raise
