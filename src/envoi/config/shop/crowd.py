"""A shop with as many customers as chaos wants, all of whom agreed."""

from __future__ import annotations

import csv
import io

from ...campaigns import actions as campaigns
from ...contacts import actions as contacts
from ...contacts.imports import run as run_import
from ...contacts.models import Import
from ...core.errors import Problem
from ...segments import actions as segments
from . import wording
from .numbers import numbers
from .setup import Shop, at_any_hour, open_account

TAG = "crowd"


def open_crowd(*, simulator_url: str, customers: int, throughput: int) -> Shop:
    """Make the shop in an empty installation, with a draft to everybody. Raises Problem when the import fails."""
    account, channel, template = open_account("meta", simulator_url=simulator_url, throughput=throughput)
    at_any_hour()
    _bring(customers)
    segment = segments.save_segment(name="Everybody", rule={"field": "tag", "is": "has", "value": TAG}, by=None)
    campaign = campaigns.create(
        name="Chaos",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables=wording.VARIABLES,
        policy={"canary": "never"},
        by=None,
    )
    return Shop(account, channel, campaign, customers)


def _bring(customers: int) -> None:
    file = io.StringIO(newline="")
    out = csv.writer(file)
    out.writerow(["customer", "name", "phone", "consent"])
    for position, number in enumerate(numbers(customers), start=1):
        out.writerow([f"{position:06d}", f"Customer {position}", number, "yes"])
    one = contacts.start_import(
        kind="contacts",
        file_name="crowd.csv",
        file=io.BytesIO(file.getvalue().encode()),
        options={"tags": [TAG], "consent": {"source": "chaos", "text": "Yes, send me offers"}},
        by=None,
        queue=False,
    )
    run_import(one.pk)
    one.refresh_from_db()
    if one.state != Import.State.FINISHED:
        raise Problem(f"The crowd could not be imported: {one.problem}")
