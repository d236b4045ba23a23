"""What the gateway answers: short texts, and its counters in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Self

from ..providers.table import PROVIDERS
from .writer import Writer

USUAL = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


class Reply:
    """A status, a line of plain text, and headers that differ from the usual ones. No text, no headers."""

    __slots__ = ("headers", "status", "text")

    def __init__(self, status: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.text = text
        self.headers = list({**USUAL, **(headers or {})}.items()) if text else []

    @classmethod
    def later(cls, seconds: int, text: str) -> Self:
        """503: not stored, come back after `seconds`."""
        return cls(503, text, {"retry-after": str(seconds)})


class Metrics:
    """Counts of this process; the labels are a closed list, whatever addresses are tried."""

    CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()

    def count(self, provider: str, status: int) -> None:
        """Note one answer to a webhook address of `provider`, whatever stood there in the address."""
        self._answers[provider if provider in PROVIDERS else "unknown", status] += 1

    def page(self, writer: Writer) -> str:
        """All counters, one a line."""
        lines = [
            "# HELP envoi_gateway_webhooks_total Requests to webhook addresses, by answer.",
            "# TYPE envoi_gateway_webhooks_total counter",
        ]
        for (provider, status), count in sorted(self._answers.items()):
            lines.append(f'envoi_gateway_webhooks_total{{provider="{provider}",status="{status}"}} {count}')
        lines += [
            "# HELP envoi_gateway_waiting Webhooks that wait for a commit.",
            "# TYPE envoi_gateway_waiting gauge",
            f"envoi_gateway_waiting {writer.waiting}",
            "# HELP envoi_gateway_commit_seconds Time of the commits, each of many webhooks.",
            "# TYPE envoi_gateway_commit_seconds summary",
            f"envoi_gateway_commit_seconds_sum {writer.commit_seconds:.6f}",
            f"envoi_gateway_commit_seconds_count {writer.commits}",
        ]
        return "\n".join(lines) + "\n"
