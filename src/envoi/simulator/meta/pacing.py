"""Template pacing: hold the rest of a new template's messages until quality is known; it refuses to guess quality.

Meta fact sheet, C.5. Which messages are held depends on the order of arrival, as at Meta. After `pacing_seconds`
they are released, and the template is GREEN; if it turned RED, PAUSED or DISABLED before, all of them fail.
"""

from typing import TYPE_CHECKING

from envoi.simulator.lives import Life
from envoi.simulator.meta.accounts import Template

if TYPE_CHECKING:
    from envoi.simulator.meta.face import MetaFace

DROPPED = 132015


def holds(face: "MetaFace", template: Template) -> bool:
    """Count one more accepted message of a template, and say if it is to be held."""
    template.accepted += 1
    threshold = face.world.settings.pacing_after
    unknown = template.category == "MARKETING" and template.quality == "UNKNOWN"
    return unknown and 0 < threshold < template.accepted


def hold(face: "MetaFace", template: Template, life: Life) -> None:
    """Keep a message back; the first one sets the time of the decision."""
    face.world.ledger.change(life.entry, "held")
    if not template.held:
        face.world.clock.after(face.world.settings.pacing_seconds, release, template)
    template.held.append(life)


def release(template: Template) -> None:
    """Let the held messages go."""
    if template.held and template.status == "APPROVED":
        template.quality = "GREEN"
        held, template.held = template.held, []
        for life in held:
            life.begin()


def drop(template: Template) -> None:
    """Fail the held messages: the template turned out bad."""
    held, template.held = template.held, []
    for life in held:
        life.end_by(DROPPED)
