"""Files to and from Bird: a public link out, or an upload in Gen 2; a customer's file by redirect or link (3.5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from ...core.events import Failure
from ..base import Account, Answer, Channel, Downloaded, Http, Rejected, Suspended, Unreachable, Uploaded
from .calling import Call, address, ask_json, credential, key_headers, mode_of, part, refusal, refuse
from .reading import fields, need, text

LARGEST = 100 * 1024 * 1024
OWN_HOSTS = (".bird.com", ".messagebird.com")


class BirdMedia:
    """Credentials as in sending; upload is Gen 2's alone."""

    async def upload(
        self, http: Http, account: Account, channel: Channel, *, name: str, mime_type: str, data: bytes
    ) -> Uploaded:
        """Ask for a place, put the file there; the id is its address (Gen 2)."""
        if mode_of(account) != "gen2":
            raise refuse("Bird takes a file by its public link only: there is no upload", "media")
        if not 0 < len(data) <= LARGEST:
            raise Rejected(Failure("media", "A file has 1 byte to 100 MB", str(len(data))))
        path = f"/workspaces/{credential(account, 'workspace_id')}/channel-media/presigned-upload"
        place = await ask_json(http, account, Call("POST", path, {"contentType": mime_type}))
        try:
            media_url, upload_url = need(place["mediaUrl"]), need(place["uploadUrl"])
        except (KeyError, ValueError):
            raise Suspended(Failure("no_upload", "The answer names no place for the file")) from None
        if not _trusted(account, upload_url):
            raise Suspended(Failure("no_upload", "The place for the file is no safe address", upload_url[:200]))
        form = {key: str(value) for key, value in fields(place.get("uploadFormData")).items()}
        boundary = secrets.token_hex(16)
        body = _multipart(boundary, form, name, mime_type, data)
        # No key here: the address was signed for this one file, and may be on another host.
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        stored = await http.request(text(place.get("uploadMethod")) or "POST", upload_url, headers, body)
        if not 200 <= stored.status < 300:
            failure = Failure(
                "upload", f"The storage answered HTTP {stored.status}", stored.body[:200].decode("latin-1")
            )
            raise Unreachable(failure) if stored.status >= 500 else Rejected(failure)
        return Uploaded(media_url, None)

    def by_link(self, account: Account) -> bool:
        """In all modes but Gen 2, which has an upload."""
        return mode_of(account) != "gen2"

    async def download(self, http: Http, account: Account, channel: Channel, ref: Mapping[str, Any]) -> Downloaded:
        """Fetch a customer's file: 30 days long (3.5). 404 and 410 are Rejected: it is gone."""
        if mode_of(account) == "gen3":
            answer = await self._redirected(http, account, ref)
        else:
            link = text(ref.get("link"))
            if not _trusted(account, link):
                raise Rejected(Failure("media", "The file's address is no safe one", link[:200]))
            own = _same_host(account, link) or (urlsplit(link).hostname or "").endswith(OWN_HOSTS)
            answer = await http.request("GET", link, key_headers(account) if own else {}, most=LARGEST)
        if not 200 <= answer.status < 300:
            raise _gone(answer) if answer.status in (403, 404, 410) else refusal(mode_of(account), answer)
        mime_type = answer.headers.get("content-type", "") or text(ref.get("mime_type")) or "application/octet-stream"
        return Downloaded(mime_type, answer.body, text(ref.get("filename")))

    async def _redirected(self, http: Http, account: Account, ref: Mapping[str, Any]) -> Answer:
        """302 to the storage, which must not see the key (3.5)."""
        message, file = part(text(ref.get("message_id"))), part(text(ref.get("id")))
        if not message or not file:
            raise Rejected(Failure("media", "The message or the file is not named"))
        path = f"/v1/whatsapp/messages/{message}/media/{file}"
        answer = await http.request("GET", f"{address(account)}{path}", key_headers(account), most=LARGEST)
        if answer.status != 302:
            return answer
        target = urljoin(f"{address(account)}{path}", answer.headers.get("location", ""))
        if not _trusted(account, target):
            raise Suspended(Failure("media", "The storage's address is no safe one", target[:200]))
        return await http.request("GET", target, {}, most=LARGEST)


def _gone(answer: Answer) -> Rejected:
    return Rejected(Failure("media_gone", "The file is no more at Bird", f"HTTP {answer.status}"))


def _same_host(account: Account, link: str) -> bool:
    ours, theirs = urlsplit(address(account)), urlsplit(link)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)


def _trusted(account: Account, link: str) -> bool:
    """Encrypted, or at the very address that the account itself uses (a simulator)."""
    split = urlsplit(link)
    return bool(split.hostname) and (split.scheme == "https" or _same_host(account, link))


def _multipart(boundary: str, form: Mapping[str, str], name: str, mime_type: str, data: bytes) -> bytes:
    """The form's fields first and the file last, as S3 demands."""
    lines: list[bytes] = []
    for key, value in form.items():
        lines.append(f'--{boundary}\r\ncontent-disposition: form-data; name="{_plain(key)}"\r\n\r\n{value}'.encode())
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{_plain(name)}"\r\n'
    lines.append(f"{head}content-type: {_plain(mime_type)}\r\n\r\n".encode() + data)
    return b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])


def _plain(words: str) -> str:
    """A header's value: no quotes, no line breaks."""
    return "".join(letter for letter in words if letter.isprintable() and letter != '"')
