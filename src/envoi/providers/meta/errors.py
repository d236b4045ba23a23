"""What to do about each of Meta's error codes: data, one row a code (Meta sheet, E.5).

Whatever leads to a second try must be sure that the first never left. "Retry safety" of E.5: only 4, 80007,
130429 and 131056 prove that; 1, 2, 131000, 131016 and every 5xx do not, hence "uncertain", with a rest for
the channel.
"""

from __future__ import annotations

from typing import Any

from ...core.events import Action
from ..base import Advice

SHEET = "Meta sheet, E.5"


def _row(action: Action, title: str, **more: Any) -> Advice:
    return Advice(action=action, title=title, **{"source": SHEET, **more})


ERRORS: dict[str, Advice] = {
    "0": _row("suspended", "The access token is not valid"),
    "1": _row("uncertain", "Unknown error or server problem at Meta"),
    "2": _row("uncertain", "The service is down or overloaded", after=5),
    "3": _row("suspended", "A capability or permission is missing"),
    "4": _row("throttled", "Too many calls of the app", after=60, growth=2),
    "10": _row("suspended", "Permission denied"),
    "33": _row("suspended", "The number was deleted or its id is wrong", scope="channel"),
    "100": _row("rejected", "A parameter is not valid"),
    "100/33": _row(
        "suspended",
        "The number does not exist, or the token may not use it",
        scope="channel",
        source="Graph API, general knowledge: error 100 with subcode 33",
    ),
    "190": _row("suspended", "The access token has expired"),
    "368": _row("suspended", "The account is restricted for breaking a policy"),
    "613": _row("uncertain", "Too many calls", after=60),
    "80007": _row("throttled", "Too many calls of the WhatsApp account", after=60, growth=2),
    "130403": _row("rejected", "You have blocked this person"),
    "130429": _row("throttled", "The number sends faster than its limit", after=1, growth=2),
    "130472": _row("rejected", "The person is in one of Meta's experiments: no marketing reaches them"),
    "130497": _row("rejected", "The account may not write to this country"),
    "131000": _row("uncertain", "Something went wrong at Meta"),
    "131005": _row("suspended", "Access denied"),
    "131008": _row("rejected", "A parameter is missing"),
    "131009": _row("rejected", "A parameter has a value that is not valid"),
    "131016": _row("uncertain", "The service is unavailable", after=5),
    "131020": _row("rejected", "Groups: refused"),
    "131021": _row("rejected", "Sender and recipient are the same"),
    "131026": _row("rejected", "Undeliverable: not on WhatsApp, or an old version"),
    "131030": _row("rejected", "A test number writes only to its listed recipients"),
    "131031": _row("suspended", "The account is locked"),
    "131037": _row("suspended", "The number needs an approved display name", scope="channel"),
    "131041": _row("rejected", "Groups: refused"),
    "131042": _row("suspended", "There is a problem with the payment method"),
    "131044": _row("suspended", "There is a problem with the payment method (calls)"),
    "131045": _row("suspended", "The number's registration is broken: register it again", scope="channel"),
    "131047": _row("rejected", "More than 24 hours since the person wrote: only a template may go"),
    "131048": _row("suspended", "The number is restricted: many people blocked or reported it", scope="channel"),
    "131049": _row("wait", "Meta held it back: enough marketing for this person", after=86_400, growth=2),
    "131050": _row("opted_out", "The person stopped your marketing messages"),
    "131051": _row("rejected", "This type of message is not supported"),
    "131052": _row("rejected", "The person's media could not be downloaded"),
    "131053": _row("rejected", "The media could not be fetched, or its type is wrong"),
    "131055": _row("rejected", "This way of sending is for marketing templates only"),
    "131056": _row("wait", "Too many messages to this person in a short time", after=1, growth=4),
    "131057": _row("uncertain", "The number is in maintenance", after=60),
    "131059": _row("rejected", "Groups: refused"),
    "131062": _row("rejected", "This message needs a phone number"),
    "131063": _row("template", "Marketing templates are switched off on the Cloud API for this account"),
    "131064": _row("suspended", "Too many templates were in the wrong category"),
    "132000": _row("template", "The number of variables differs from the approved template"),
    "132001": _row("template", "The template does not exist in this language, or is not approved"),
    "132005": _row("rejected", "With its variables filled in, the text is too long"),
    "132007": _row("template", "The template's content breaks a policy"),
    "132008": _row("rejected", "The value of a variable is not valid"),
    "132012": _row("template", "A variable has another format than the approved template"),
    "132015": _row("template", "The template is paused for low quality"),
    "132016": _row("template", "The template is disabled for low quality"),
    "132018": _row("rejected", "A variable of the template is not valid"),
    "132068": _row("template", "The flow is blocked"),
    "132069": _row("template", "The flow is throttled: ten messages an hour"),
    "133000": _row("suspended", "An earlier deregistration did not finish", scope="channel"),
    "133004": _row("uncertain", "The server is unavailable for a moment", after=5),
    "133005": _row("suspended", "The PIN is wrong", scope="channel"),
    "133006": _row("suspended", "The number must be verified first", scope="channel"),
    "133008": _row("suspended", "Too many wrong PINs", scope="channel"),
    "133009": _row("suspended", "PINs were tried too fast", scope="channel"),
    "133010": _row("suspended", "The number is not registered", scope="channel"),
    "133015": _row("suspended", "The number was deleted a moment ago: wait five minutes", scope="channel"),
    "133016": _row("suspended", "Too many registrations in 72 hours", scope="channel"),
    "134011": _row("rejected", "The terms of payments are not accepted"),
    "134100": _row("template", "This way of sending is for marketing templates only"),
    "134101": _row("template", "The template is still being prepared: about ten minutes", after=600),
    "134102": _row("template", "The template is not available for this way of sending"),
    "135000": _row("rejected", "Meta refused the message without a reason"),
    "136024": _row("suspended", "The number's verification code can't be asked for", scope="channel"),
    "137000": _row("rejected", "The person's identity has changed: confirm it first"),
    "139200": _row("rejected", "Sending without a template is blocked"),
    "2388019": _row("rejected", "The account has as many templates as it may have"),
    "2388039": _row("rejected", "Template format: too long"),
    "2388040": _row("rejected", "Template format: a part is too long"),
    "2388047": _row("rejected", "Template format: header"),
    "2388072": _row("rejected", "Template format: body"),
    "2388073": _row("rejected", "Template format: footer"),
    "2388293": _row("rejected", "Template format: too many variables for so few words"),
    "2388299": _row("rejected", "Template format: a variable stands first or last"),
    "2388318": _row("rejected", "A template of Direct Send can't be edited"),
    "2388330": _row("rejected", "A template of Direct Send can't be deleted"),
    "2494100": _row("uncertain", "The number is in maintenance", after=300),
}

ERROR_RANGES: tuple[tuple[int, int, Advice], ...] = (
    (200, 299, _row("suspended", "A permission is missing")),
    (131200, 131299, _row("rejected", "Groups: refused")),
    (138000, 138999, _row("rejected", "Calls: refused")),
    (139000, 139004, _row("rejected", "Flows: refused")),
    (139100, 139103, _row("rejected", "Blocking a person: refused")),
    (147001, 147005, _row("rejected", "Business username: refused")),
    (2593107, 2593109, _row("rejected", "Synchronising with the WhatsApp Business app: refused")),
)


def advice(code: str) -> Advice | None:
    """The row of a code ("100/33" is a code with its subcode), None when the sheet has none."""
    if found := ERRORS.get(code):
        return found
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 12 else -1
    return next((row for first, last, row in ERROR_RANGES if first <= number <= last), None)
