"""Why something was stopped, in words for people, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..web.templatetags.look import count, percent


def sentence(sign: str, events: int, of: int, threshold: float) -> str:
    """What the sign says, with its figures and the line that was crossed."""
    words = {
        "opted_out": _("%(events)s of %(of)s people asked to stop (%(share)s); the limit is %(limit)s."),
        "failed": _("%(events)s of %(of)s messages failed (%(share)s); the limit is %(limit)s."),
        "restricted": _("WhatsApp restricted the number: too many people blocked or reported it."),
        "trial_delivered": _("Of the trial only %(events)s of %(of)s messages arrived (%(share)s, under %(limit)s)."),
        "delivered": _(
            "Only %(share)s of the messages older than an hour arrived (under %(limit)s): WhatsApp may slow you down."
        ),
        "replied": _("Only %(share)s replied within a day (under %(limit)s): ask for an answer, such as “Reply YES”."),
        "template_stopped": _("WhatsApp does not let the template be sent at the moment."),
        "template_quality": _("Customers rated the template badly: its quality is low."),
        "template_yellow": _("The template’s quality is medium: some customers block or report it."),
        "channel_stopped": _("The provider suspended the number."),
        "channel_quality": _("Customers rated the number badly: its quality is low."),
        "channel_yellow": _("The number’s quality is medium: some customers block or report it."),
    }
    text = words.get(sign)
    if text is None:
        return sign
    return text % {
        "events": count(events),
        "of": count(of),
        "share": percent(events / of) if of else "–",
        "limit": percent(threshold),
    }
