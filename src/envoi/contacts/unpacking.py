"""Turns a large workbook into CSV before anybody says what its columns are: the worker's, while its page shows how far.

Run again after a kill it begins anew; a workbook that was turned is never turned twice.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import BadInput
from . import stored
from .board import Board
from .models import Import
from .working import told_on, work_on


def run(import_id: int) -> None:
    """Unpack one workbook, or say in its row why not. One that does not wait for it is left as it is.

    Raises OperationalError when the database went away and StillRunning: then it may run again.
    """
    with work_on(import_id, (Import.State.UNPACKING, Import.State.CANCELLED)) as work:
        if work is None:
            return
        one, board = work
        # Whoever began it before was killed: the import is in nobody's hand but ours.
        stored.forget_parts_of(one)
        if one.state == Import.State.CANCELLED:
            return
        with told_on(board, stopped=_("Reading the workbook stopped on an error of Envoi's own.")):
            board.begin_unpacking()
            _unpack(one, board)
            board.end_unpacking()


def _unpack(one: Import, board: Board) -> None:
    try:
        stored.unpack(one, board.unpacked)
    except FileNotFoundError:
        raise BadInput(_("The stored file is gone: send it again.")) from None
