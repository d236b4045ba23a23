"""Notifications in browsers, open or not, by the Web Push protocol (RFC 8030, 8291, 8292).

They go by way of the browser's own service. What goes out is encrypted for the one browser; the service that carries
it sees a size and a time.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as installation
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from ..core import clock, jobs
from ..core.errors import BadInput
from ..core.vault import seal, unseal
from ..team.models import Staff
from .models import Notification, NotificationSettings, PushKey, PushSubscription
from .wants import quiet_until
from .wording import headline, sentence

log = logging.getLogger("envoi.notifications")

# The push services of the browsers there are. An address comes from whoever is signed in: without this list they could
# have the worker call anything that it reaches. ENVOI_PUSH_HOSTS adds to it.
SERVICES = ("fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com")
TIMEOUT_SECONDS = 10
# What nobody's browser has fetched by then is old: the e-mail and the page say it better.
TTL_SECONDS = 4 * 3600
MOST_TRIES = 5
MOST_BROWSERS = 10


def public_key() -> str:
    """The key that browsers subscribe with; made when it is first asked for."""
    kept = PushKey.objects.filter(pk=1).values_list("public", flat=True).first()
    return kept or _key().public


@transaction.atomic
def subscribe(staff: Staff, *, endpoint: str, p256dh: str, auth: str, label: str = "") -> PushSubscription:
    """Tell this browser too. Raises BadInput for what no browser's push service gave."""
    if not is_service(endpoint) or len(endpoint) > 2_000:
        raise BadInput(_("This address is not one of a browser’s push service."))
    if len(_bytes(p256dh)) != 65 or len(_bytes(auth)) != 16:
        raise BadInput(_("The browser’s keys can’t be read. Switch notifications off and on again."))
    values = {"staff": staff, "p256dh": p256dh, "auth": auth, "label": label.strip()[:80]}
    # The same browser with another person signed in is theirs from now on.
    row, _made = PushSubscription.objects.update_or_create(endpoint=endpoint, defaults=values)
    old = PushSubscription.objects.filter(staff=staff).order_by("-id").values_list("pk", flat=True)[MOST_BROWSERS:]
    PushSubscription.objects.filter(pk__in=list(old)).delete()
    return row


@transaction.atomic
def unsubscribe(staff: Staff, *, endpoint: str = "", subscription_id: int | None = None) -> int:
    """Tell this browser no more."""
    mine = PushSubscription.objects.filter(staff=staff)
    return (mine.filter(pk=subscription_id) if subscription_id else mine.filter(endpoint=endpoint)).delete()[0]


def is_service(endpoint: str) -> bool:
    """Whether an address belongs to a browser's push service."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{host}:{port}" in installation.PUSH_HOSTS:
        return True
    if parts.scheme != "https" or port not in (None, 443) or parts.username:
        return False
    return host in installation.PUSH_HOSTS or any(host == one or host.endswith(one) for one in SERVICES)


def send(notification_id: int, *, only: Iterable[int] | None = None, tries: int = 0) -> int:
    """Show one notification in its person's browsers; returns how many services took it.

    A browser that is gone (404, 410) is forgotten. What a service can't take now is tried again, for those browsers
    only. Nothing goes in quiet hours, or once it was read.
    """
    one = Notification.objects.select_related("staff").filter(pk=notification_id, read_at=None).first()
    if one is None or not one.staff.is_active:
        return 0
    if quiet_until(NotificationSettings.objects.filter(staff=one.staff).first(), clock.now()):
        return 0
    browsers = PushSubscription.objects.filter(staff=one.staff)
    if only is not None:
        browsers = browsers.filter(pk__in=list(only))
    with translation.override(one.staff.language):
        payload = {
            "title": headline(one.kind),
            "body": sentence(one.kind, one.facts),
            "link": f"/notifications/{one.pk}/",
            "tag": f"n{one.pk}",
        }
    taken, again = 0, []
    for browser in browsers:
        outcome = _deliver(browser, payload)
        taken += outcome == "taken"
        if outcome == "later":
            again.append(browser.pk)
    if again and tries < MOST_TRIES:
        wait = 30 * 2**tries
        jobs.defer("notifications.push", after_seconds=wait, notification_id=one.pk, only=again, tries=tries + 1)
    return taken


def _deliver(browser: PushSubscription, payload: dict[str, Any]) -> str:
    """ "taken", "gone" (and forgotten), "later", or "refused" for good."""
    session = requests.Session()
    # An answer may lead elsewhere: no push service does that, and whatever else does is not followed.
    session.max_redirects = 0
    try:
        webpush(
            {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
            json.dumps(payload),
            vapid_private_key=_vapid(),
            vapid_claims={"sub": _contact()},
            ttl=TTL_SECONDS,
            timeout=TIMEOUT_SECONDS,
            headers={"Urgency": "high"},
            requests_session=session,
        )
    except WebPushException as error:
        status = error.status_code or 0
        if status in (404, 410):
            browser.delete()
            return "gone"
        if status == 429 or status >= 500:
            return "later"
        log.warning("a push service refused a notification with status %s", status)
        return "refused"
    except requests.RequestException as error:
        log.warning("a push service could not be reached: %s", type(error).__name__)
        return "later"
    finally:
        session.close()
    PushSubscription.objects.filter(pk=browser.pk).update(used_at=clock.now())
    return "taken"


def _contact() -> str:
    """Whom a push service may write to about us: VAPID asks for a mailto: or https: address."""
    base = installation.BASE_URL
    return base if base.startswith("https://") else f"mailto:{installation.DEFAULT_FROM_EMAIL}"


def _vapid() -> Vapid02:
    opened = unseal(bytes(_key().private))
    return Vapid02.from_pem(opened["pem"].encode())


def _key() -> PushKey:
    kept = PushKey.objects.filter(pk=1).first()
    if kept:
        return kept
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    public = base64.urlsafe_b64encode(point).decode().rstrip("=")
    # Two processes may make one at once: the first row stays, and both use it.
    row, _made = PushKey.objects.get_or_create(
        pk=1, defaults={"public": public, "private": seal({"pem": pem.decode()})}
    )
    return row


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, TypeError):
        return b""
