"""Graph errors and the shapes they take; it refuses to raise them on its own.

Codes, HTTP statuses and meanings: Meta fact sheet, A.1 and E.5.
"""

from typing import Any

import msgspec

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"

# code: (HTTP status, title)
ERRORS: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    10: (403, "Permission Denied"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    368: (403, "Temporarily blocked for policies violations"),
    2200: (400, "Callback verification failed"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages from this business"),
    131051: (400, "Unsupported message type"),
    131053: (400, "Media upload error"),
    131055: (400, "Method not allowed"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user ids are not supported for this message"),
    132000: (400, "Template Param Count Mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template Hydrated Text Too Long"),
    132012: (400, "Template Parameter Format Mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Invalid template parameters"),
    133010: (400, "Phone number not registered"),
    134100: (400, "Only marketing templates are supported"),
}

_encode = msgspec.json.encode


class GraphError(Exception):
    """A refusal in Graph's own terms. `status` overrides the code's usual HTTP status."""

    def __init__(
        self,
        code: int,
        details: str,
        *,
        status: int | None = None,
        message: str | None = None,
        kind: str = "OAuthException",
        subcode: int | None = None,
        user_title: str | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(details)
        usual, title = ERRORS.get(code, (400, "Unknown error"))
        self.code, self.details, self.status = code, details, status or usual
        self.message = message or f"(#{code}) {title}"
        self.kind, self.subcode, self.user_title, self.transient = kind, subcode, user_title, transient

    def body(self, trace: str) -> bytes:
        """The error body of the fact sheet, A.1."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.user_title is not None:
            error["error_user_title"], error["error_user_msg"] = self.user_title, self.details
        if self.transient:
            error["is_transient"] = True
        error["fbtrace_id"] = trace
        return _encode({"error": error})


def unknown_object(object_id: str, method: str) -> GraphError:
    """What Graph says of an id it does not know or the token may not see: 100 with sub-code 33."""
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded"
        " due to missing permissions, or does not support this operation."
    )
    return GraphError(100, text, message=text, kind="GraphMethodException", subcode=33)


def status_error(code: int) -> dict[str, Any]:
    """The error object of a `failed` status (Meta fact sheet, D.5)."""
    title = ERRORS.get(code, (400, "Something went wrong"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": f"{title}."},
        "href": HREF,
    }
