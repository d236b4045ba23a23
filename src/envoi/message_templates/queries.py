"""Reading templates."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core.errors import NotFound
from ..providers.table import PROVIDERS
from ..team.models import Staff
from ..team.rights import may, require
from .models import Template, TemplateSync


def templates(staff: Staff | None) -> list[Template]:
    """All templates, by name and language."""
    require(staff, "templates.read")
    return list(Template.objects.select_related("account").order_by("name", "language", "account_id"))


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


def may_write(staff: Staff | None) -> bool:
    """Whether the pages offer to make and change templates."""
    return may(staff, "templates.write")


def writer(staff: Staff | None) -> None:
    """Raises NotAllowed unless the pages on which templates are written are for this reader."""
    require(staff, "templates.write")


def accounts(staff: Staff | None) -> list[Account]:
    """The accounts for which a template can be written, by name."""
    require(staff, "templates.read")
    return list(Account.objects.order_by("name", "pk"))


def syncs(staff: Staff | None) -> list[tuple[Account, TemplateSync | None]]:
    """Each account whose provider can be asked, with the last comparison."""
    known = {one.account_id: one for one in TemplateSync.objects.all()}
    return [
        (account, known.get(account.pk))
        for account in accounts(staff)
        if PROVIDERS[account.provider].templates is not None
    ]


def is_moving(sync: TemplateSync | None) -> bool:
    """Whether a comparison waits or runs."""
    return sync is not None and sync.state in (TemplateSync.State.WAITING, TemplateSync.State.RUNNING)


def is_live(template: Template) -> bool:
    """Whether its state may move by itself soon: the provider is being asked, or it is in review."""
    return bool(template.work) or template.state == Template.State.PENDING


def languages_of(template: Template) -> list[Template]:
    """The same name in its other languages."""
    same = Template.objects.filter(account_id=template.account_id, name=template.name)
    return list(same.exclude(pk=template.pk).order_by("language"))
