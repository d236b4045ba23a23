"""What to do about each of Twilio's error codes: data, one row a code (Twilio sheet, 9).

The sheet's words become ours: FAIL is rejected, SUPPRESS opted_out, FIX suspended or template, HOLD suspended,
throttled or template, and RETRY throttled only where Twilio says that the request was not processed; else it is
uncertain. Two FIX codes are rejected instead, because they are about one recipient: 21408 and 63031.
"""

from __future__ import annotations

from typing import Any

from ...core.events import Action
from ..base import Advice

SHEET = "Twilio sheet, 9"


def _row(action: Action, title: str, **more: Any) -> Advice:
    return Advice(action=action, title=title, **{"source": SHEET, **more})


ERRORS: dict[str, Advice] = {
    "11751": _row("rejected", "The media is too large or of a type that can't be sent"),
    "20003": _row("suspended", "The credentials are wrong"),
    "20005": _row("suspended", "The account is not active"),
    "20404": _row("suspended", "The account or the address of the call does not exist"),
    "20429": _row("throttled", "Too many requests at once", after=1, growth=2),
    "20500": _row("uncertain", "A fault inside Twilio", after=5),
    "20503": _row("uncertain", "Twilio is not available", after=5),
    "21211": _row("rejected", "The recipient's number is not valid"),
    "21217": _row("rejected", "The recipient's number is not valid"),
    "21408": _row("rejected", "The account may not write to this country: allow it in Twilio's console"),
    "21602": _row("rejected", "The message has no text"),
    "21603": _row("suspended", "The sender is missing", scope="channel"),
    "21604": _row("rejected", "The recipient is missing"),
    "21606": _row("suspended", "The sender can't be used", scope="channel"),
    "21607": _row("suspended", "A trial account must send from its own number"),
    "21608": _row("suspended", "A trial account writes only to verified numbers"),
    "21609": _row("suspended", "The address for status callbacks is not valid"),
    "21610": _row("opted_out", "The person unsubscribed"),
    "21611": _row("throttled", "The sender's queue is full", after=60, growth=2),
    "21614": _row("rejected", "The recipient's number is not a mobile number"),
    "21617": _row("rejected", "The text has more than 1,600 characters"),
    "21620": _row("rejected", "The address of the media is not valid"),
    "21654": _row("template", "The content template is missing"),
    "21655": _row("template", "The content template's SID is not valid"),
    "21656": _row("template", "The template's variables are not valid"),
    "21703": _row("suspended", "The messaging service has no sender"),
    "21704": _row("suspended", "The messaging service has no sender for this message"),
    "21705": _row("suspended", "The messaging service does not exist"),
    "21910": _row("suspended", "Sender and recipient are of different channels", scope="channel"),
    "30001": _row("throttled", "The sender's queue is full", after=60, growth=2),
    "30002": _row("suspended", "The account is suspended"),
    "63001": _row("suspended", "WhatsApp refuses Twilio's credentials for this sender"),
    "63002": _row("suspended", "WhatsApp can't find the sender", scope="channel"),
    "63003": _row("rejected", "The person can't be reached on WhatsApp"),
    "63005": _row("rejected", "WhatsApp did not accept the content"),
    "63006": _row("rejected", "The message can't be formatted for WhatsApp"),
    "63007": _row("suspended", "Twilio has no WhatsApp sender with this address", scope="channel"),
    "63008": _row("suspended", "The WhatsApp channel is set up wrongly"),
    "63009": _row("uncertain", "WhatsApp returned an error", after=5),
    "63010": _row("uncertain", "A fault of the channel inside Twilio", after=5),
    "63012": _row("uncertain", "WhatsApp returned an internal error", after=5),
    "63013": _row("suspended", "The message breaks a policy of WhatsApp", scope="channel"),
    "63014": _row("opted_out", "The person has blocked you"),
    "63015": _row("rejected", "The person has not joined Twilio's sandbox"),
    "63016": _row("rejected", "More than 24 hours since the person wrote: only a template may go"),
    "63017": _row("throttled", "The account and its subaccounts send too fast", after=1, growth=2),
    "63018": _row("throttled", "The sender has reached WhatsApp's limit", after=60, growth=4),
    "63019": _row("rejected", "The media could not be downloaded"),
    "63020": _row("suspended", "There is a problem in Meta's Business Manager, such as the payment method"),
    "63021": _row("rejected", "The content is not valid for WhatsApp"),
    "63022": _row("suspended", "The sender's name certificate is not valid", scope="channel"),
    "63024": _row("rejected", "The person is not on WhatsApp"),
    "63026": _row("suspended", "WhatsApp flagged the sender as spam", scope="channel"),
    "63027": _row("template", "The template does not exist in this language"),
    "63028": _row("template", "The number of variables differs from the approved template"),
    "63029": _row("template", "The person's phone could not load the template"),
    "63030": _row("rejected", "A parameter is not supported"),
    "63031": _row("rejected", "Sender and recipient are the same"),
    "63032": _row("rejected", "WhatsApp limits what this person gets, for example in an experiment"),
    "63033": _row("opted_out", "The person has blocked you"),
    "63034": _row("rejected", "The media could not be uploaded"),
    "63037": _row("rejected", "The media is too large or of a type that can't be sent"),
    "63038": _row("throttled", "The account's messages for today are used up", after=3600, growth=2),
    "63040": _row("template", "The template was refused when it was submitted"),
    "63041": _row("template", "The template is paused for low quality"),
    "63049": _row("wait", "Meta held it back: enough marketing for this person", after=86_400, growth=2),
    "63062": _row("suspended", "The terms of Meta's Marketing Messages API are not accepted"),
    "92006": _row("template", "The content template is not valid"),
    "92007": _row("template", "The template's variables are not valid"),
}


def advice(code: str) -> Advice | None:
    """The row of a code, None when the sheet has none: then the message alone has failed."""
    return ERRORS.get(code)
