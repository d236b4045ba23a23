"""Turns a large workbook into CSV before anybody says what its columns are: the worker's, while its page shows how far.

Run again after a kill it begins anew; a workbook that was turned is never turned twice.
"""

from __future__ import annotations

import logging

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import translation
from django.utils.translation import gettext as _

from ..core.errors import BadInput, Problem
from . import stored
from .board import Board, Cancelled, board_of
from .models import Import

log = logging.getLogger(__name__)


def run(import_id: int) -> None:
    """Unpack one workbook, or say in its row why not. One that does not wait for it is left as it is.

    Raises OperationalError when the database went away and StillRunning: then it may run again.
    """
    with board_of(import_id) as board:
        one = Import.objects.select_related("started_by").get(pk=import_id)
        if one.state != Import.State.UNPACKING:
            return
        language = one.started_by.language if one.started_by else settings.LANGUAGE_CODE
        with translation.override(language):
            try:
                board.begin_unpacking()
                _unpack(one, board)
                board.end_unpacking()
            except Cancelled:
                board.end(Import.State.CANCELLED)
            except Problem as problem:
                board.end(Import.State.FAILED, problem.sentence)
            except (OperationalError, psycopg.OperationalError):
                connection.close()
                raise
            except Exception:
                log.exception("workbook of import %s", import_id)
                board.end(Import.State.FAILED, _("Reading the workbook stopped on an error of Envoi's own."))
                raise


def _unpack(one: Import, board: Board) -> None:
    try:
        stored.unpack(one, board.unpacked)
    except FileNotFoundError:
        raise BadInput(_("The stored file is gone: send it again.")) from None
