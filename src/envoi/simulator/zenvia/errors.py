"""Zenvia's refusals and the causes of failed messages; it refuses to raise them on its own (Zenvia sheet, 5)."""

from typing import Any

import msgspec

from envoi.simulator.meta.errors import ERRORS as META_ERRORS


class ZenviaError(Exception):
    """A refusal in Zenvia's own terms: HTTP status, code, message, and which field it is about."""

    def __init__(
        self, status: int, code: str, message: str, *, path: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.path = status, code, message, path
        self.headers = headers or {}

    def body(self) -> bytes:
        """The body of section 5; a code that Zenvia does not list is left out."""
        said: dict[str, Any] = {"code": self.code} if self.code else {}
        said["message"] = self.message
        if self.path:
            said["details"] = [{"code": "INVALID", "path": self.path, "message": self.message}]
        return msgspec.json.encode(said)


def invalid(path: str, message: str) -> ZenviaError:
    return ZenviaError(400, "VALIDATION_ERROR", message, path=path)


def missing(what: str) -> ZenviaError:
    return ZenviaError(404, "NOT_FOUND", f"{what} was not found.")


def cause(code: int) -> dict[str, str]:
    """Why the channel did not deliver: its own code as text, which for WhatsApp is Meta's (sheet, 5, by (K))."""
    title = META_ERRORS.get(code, (400, "Something went wrong"))[1]
    return {"channelErrorCode": str(code), "reason": title, "details": f"{title}."}
