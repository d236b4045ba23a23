"""ENVOI_SMTP_URL: where e-mail is handed in, as one address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from .errors import Problem


class BadAddress(Problem):
    """The address of the mail server makes no sense."""

    status = 500


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. ssl: encrypted from the first byte; starttls: encrypted before anything is said."""

    host: str
    port: int
    user: str
    password: str
    ssl: bool
    starttls: bool


def parse(url: str) -> Smtp:
    """smtps://user:password@host (port 465), smtp://user:password@host:587, smtp://localhost:25?tls=off.

    smtp:// always asks for TLS, unless it says tls=off: a password must not go in the open. Raises BadAddress.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host, parts = None, None, urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not host:
        # The address itself is not repeated: it may hold a password.
        raise BadAddress("ENVOI_SMTP_URL is not a mail server: write smtp://user:password@host:587, or smtps://….")
    ssl = parts.scheme == "smtps"
    return Smtp(
        host=host,
        port=port or (465 if ssl else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ssl=ssl,
        starttls=not ssl and parse_qs(parts.query).get("tls") != ["off"],
    )
