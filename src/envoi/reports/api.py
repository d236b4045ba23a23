"""/reports/{name}: the figures of the reports, as the pages show them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from ninja import Query, Router, Schema

from ..rest.requests import KeyRequest
from ..team.opening import company_today
from . import service

router = Router(tags=["reports"])


class FiguresOut(Schema):
    """One line; times in seconds. Shares follow from the counts: `quick` of `began` were answered within 5 minutes."""

    key: str
    name: str
    began: int
    answered: int
    closed: int
    answer_median: float | None
    answer_p90: float | None
    resolution_median: float | None
    quick: int
    late: int
    asked: int
    scored: int
    score: float | None
    satisfied: int
    written: int
    canned: int
    saved: int


class SpeedOut(Schema):
    """Satisfaction by how long the first answer took: within 5 minutes, to 30 minutes, later."""

    which: str
    scored: int
    satisfied: int


class ServiceOut(Schema):
    """The service report. in_hours: whether only opening hours count.

    exact: whether the times are; over more than a week they are right to within 2 %, but for those of opening hours.
    """

    since: date
    until: date
    group: str
    canned_seconds: int
    total: FiguresOut
    rows: list[FiguresOut]
    speeds: list[SpeedOut]
    exact: bool
    in_hours: bool
    zone: str


@router.get("/service", response=ServiceOut)
def service_report(
    request: KeyRequest,
    from_day: Annotated[
        date | None,
        Query(
            alias="from",
            description="First day, in the time zone of the company’s opening hours; 30 days before the last.",
        ),
    ] = None,
    to: Annotated[date | None, Query(description="Last day, likewise; today.")] = None,
    group: Annotated[Literal["agent", "team", "day", "channel"], Query()] = "agent",
    hours: Annotated[
        Literal["all", "open"],
        Query(description="open: a wait counts only while its team was there; at most 92 days then."),
    ] = "all",
) -> Any:
    """How service does: volumes, answer times, satisfaction, canned replies."""
    until = to or company_today()
    since = from_day or (until - timedelta(days=29) if until.year > service.EARLIEST else until)
    found = service.service(request.by, since=since, until=until, group=group, in_hours=hours == "open")
    return {**asdict(found), "speeds": [asdict(one) for one in found.speeds]}
