"""Customers' files from Twilio; it keeps none of ours (Twilio sheet, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from ...core.events import Failure
from ..base import MEBIBYTE, Account, Channel, Downloaded, Http, Rejected, Uncertain, Uploaded
from .calls import API, authorization, refusal, text
from .interactive import lacking

LARGEST = 16 * MEBIBYTE
REDIRECTS = (301, 302, 303, 307, 308)


class Media:
    """Downloads; sends go by link."""

    async def upload(
        self, http: Http, account: Account, channel: Channel, *, name: str, mime_type: str, data: bytes
    ) -> Uploaded:
        """Raises Rejected: Twilio has no upload for messages."""
        raise lacking("Twilio keeps no files: it fetches media from a public web address, so give a link.")

    def by_link(self, account: Account) -> bool:
        """Always (sheet, 7)."""
        return True

    async def download(self, http: Http, account: Account, channel: Channel, ref: Mapping[str, Any]) -> Downloaded:
        """GET MediaUrlN with our credentials; the storage that it leads to must never see them.

        Raises Rejected for an address outside Twilio, for what is too large, and for what is gone.
        """
        url, base = text(ref.get("url")), account.address(API)
        if not url.startswith(f"{base}/"):
            raise Rejected(Failure("media_url", "The file is not at Twilio", url[:200]))
        headers = authorization(account)
        for _ in range(4):
            try:
                answer = await http.request("GET", url, headers, most=LARGEST)
            except Uncertain as error:
                if error.failure.code == "answer_too_long":
                    raise Rejected(Failure("too_large", "The file is larger than 16 MB", url[:200])) from error
                raise
            if answer.status == 200:
                mime_type = answer.headers.get("content-type", "") or text(ref.get("mime_type"))
                return Downloaded(mime_type.partition(";")[0].strip().lower(), answer.body, text(ref.get("filename")))
            if answer.status == 404:
                raise Rejected(Failure("gone", "The file is no longer at Twilio", url[:200]))
            if answer.status not in REDIRECTS:
                raise refusal(answer)
            url, headers = urljoin(url, answer.headers.get("location", "")), {}
            if not url.startswith(("https://", f"{base}/")):
                raise Rejected(Failure("media_url", "Twilio leads to an address without encryption", url[:200]))
        raise Rejected(Failure("media_url", "Twilio leads in circles", url[:200]))
