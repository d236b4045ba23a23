"""Reading templates."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from .models import Template


def templates(staff: Staff | None) -> list[Template]:
    """All templates, by name and language."""
    require(staff, "templates.read")
    return list(Template.objects.select_related("account").order_by("name", "language"))


def template_for(staff: Staff | None, template_id: int) -> Template:
    """One template. Raises NotFound."""
    require(staff, "templates.read")
    try:
        return Template.objects.select_related("account").get(pk=template_id)
    except Template.DoesNotExist:
        raise NotFound(_("There is no such template.")) from None


def sendable(staff: Staff | None, channel_id: int) -> list[Template]:
    """What may be sent through a channel: the approved templates of its account."""
    require(staff, "templates.read")
    return list(
        Template.objects.filter(account__channels=channel_id, state=Template.State.APPROVED).order_by(
            "name", "language"
        )
    )
