"""What the page of a new campaign asks for: the choices, and what fills each variable of the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..channels.queries import channels
from ..core.paging import whole
from ..media.queries import files, files_by_id
from ..message_templates.queries import Template, sendable
from ..message_templates.wording import Header, headers, variables
from ..segments.queries import segments
from ..team.models import Staff
from .filling import HeaderRow, VariableRow, header_row, variable_row
from .policy import Policy

# Elsewhere what a quick reply sends back and what a form or a catalogue begins with is fixed in the template
# (Bird sheet, 3.4; Zenvia sheet, 2).
TAKES_OPTIONAL = ("meta",)
POLICY_FIELDS = tuple(one.name for one in fields(Policy))
MORE_FIELDS = (
    "canary_from", "delivered_percent", "replied_percent", "stop_at_yellow", "uncertain_hours", "uncertain"
)  # fmt: skip


class CampaignForm(forms.Form):
    """Name, segment, channel and template. The template's choices follow the channel, its variables the template."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Only your team sees it."))
    segment = forms.TypedChoiceField(label=_("Who gets it"), coerce=int)
    channel = forms.TypedChoiceField(label=_("From which number"), coerce=int)
    template = forms.TypedChoiceField(label=_("Template"), coerce=int)
    canary = forms.ChoiceField(
        label=_("Trial before the rest"),
        required=False,
        choices=[
            ("auto", _("When it is large and the template is new")),
            ("always", _("Always")),
            ("never", _("Never")),
        ],
        help_text=_("A few people get it first. The others follow when those took it well."),
    )
    canary_size = forms.IntegerField(label=_("People in the trial"), required=False, min_value=50, max_value=100_000)
    canary_minutes = forms.IntegerField(
        label=_("Minutes to watch it"),
        required=False,
        min_value=1,
        max_value=1_440,
        help_text=_("WhatsApp itself decides about a new template within an hour."),
    )
    opted_out_percent = forms.FloatField(
        label=_("Stop when more opt out than (%)"), required=False, min_value=0, max_value=100
    )
    failed_percent = forms.FloatField(
        label=_("Stop when more fails than (%)"), required=False, min_value=0, max_value=100
    )
    uncertain = forms.ChoiceField(
        label=_("What stays uncertain after that time"),
        required=False,
        choices=[
            ("", _("Usual: promotions are left, others ask")),
            ("leave", _("Leave it")),
            ("ask", _("Ask a person")),
        ],
    )
    inactive = forms.ChoiceField(
        label=_("People who were inactive for 90 days"),
        required=False,
        choices=[("", _("Usual: promotions leave them out")), ("include", _("Write to them as well"))],
        help_text=_("They neither wrote, read nor ordered for 90 days, and have been known for longer than that."),
    )
    canary_from = forms.IntegerField(
        label=_("Trial from how many people on"),
        required=False,
        min_value=50,
        max_value=10_000_000,
        help_text=_("Smaller campaigns go out whole."),
    )
    delivered_percent = forms.FloatField(
        label=_("Warn when less arrives than (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("A trial of which less arrives is not followed by the rest."),
    )
    replied_percent = forms.FloatField(
        label=_("Warn when fewer answer than (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("Few answers look like spam to WhatsApp."),
    )
    stop_at_yellow = forms.BooleanField(
        label=_("Stop already when the rating falls to yellow"),
        required=False,
        help_text=_("Otherwise it stops at red."),
    )
    uncertain_hours = forms.IntegerField(
        label=_("Hours that a message may stay uncertain"),
        required=False,
        min_value=1,
        max_value=720,
        help_text=_("A receipt that comes later still settles it."),
    )
    budget = forms.DecimalField(
        label=_("Budget"),
        min_value=0,
        max_digits=13,
        decimal_places=2,
        required=False,
        help_text=_("The most that it may cost, in the account’s currency. Sending stops there."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        staff: Staff,
        initial: dict[str, Any] | None = None,
        stored: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        usual = {name: getattr(Policy(), name) for name in POLICY_FIELDS}
        super().__init__(data, initial=usual | (initial or {}))
        self.stored = stored or {}
        self._staff = staff
        known = channels(staff)
        self._offer("segment", [("", _("Choose a segment")), *((one.pk, one.name) for one in segments(staff))])
        self._offer("channel", [(one.pk, f"{one.name} · {one.address}") for one in known])
        self.chosen_channel = _picked(self["channel"].value(), known) or (known[0] if known else None)
        self.templates = sendable(staff, self.chosen_channel.pk) if self.chosen_channel else []
        self._offer("template", [("", _("Choose a template")), *((one.pk, str(one)) for one in self.templates)])
        self.chosen_template: Template | None = _picked(self["template"].value(), self.templates)

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def segment_id(self) -> int | None:
        """The chosen segment, when one is."""
        return whole(str(self["segment"].value() or ""))

    def mapping(self) -> dict[str, dict[str, Any]]:
        """What fills each variable and each header, in the shape that a campaign keeps."""
        kept = {row.key: row.stored() for row in self._all()}
        return {key: given for key, given in kept.items() if given}

    def rows(self) -> list[VariableRow]:
        """One line for each variable: as sent with the form, else a good guess by its name."""
        if not self.chosen_template or not self.chosen_channel:
            return []
        optional = self.chosen_channel.account.provider in TAKES_OPTIONAL
        places = variables(self.chosen_template.components, optional=optional)
        # A one-time code stands in the text and behind its button, and is asked for once.
        first = {one.key: one for one in reversed(places)}
        return [variable_row(one, self.data, self.stored.get(one.key)) for one in places if first[one.key] is one]

    def headers(self) -> list[HeaderRow]:
        """One line for each header that the campaign chooses."""
        if not self.chosen_template:
            return []
        return [
            header_row(one, self.data, self.stored.get(one.key), self._library(one))
            for one in headers(self.chosen_template.components)
        ]

    def _library(self, header: Header) -> tuple[tuple[int, str], ...]:
        """What the library offers for a header: the newest files of its kind, and the one that is chosen already."""
        if header.kind not in ("image", "video", "document"):
            return ()
        offered = {file.pk: file.name for file in files(self._staff, kind=header.kind).items}
        chosen = self.stored.get(header.key, {}).get("file") or whole(str(self.data.get(f"file.{header.key}", "")))
        if chosen and chosen not in offered:
            offered |= {file.pk: file.name for file in files_by_id([chosen]).values() if file.kind == header.kind}
        return tuple(offered.items())

    def _all(self) -> list[HeaderRow | VariableRow]:
        return [*self.headers(), *self.rows()]

    def clean(self) -> dict[str, Any]:
        """What is wrong with a row stands beside the row; here it keeps the form from being taken."""
        problems = [row.problem for row in self._all() if row.problem]
        if problems:
            raise forms.ValidationError(problems[0])
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """Arguments for actions.create and actions.update."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "segment_id": given["segment"],
            "channel_id": given["channel"],
            "template_id": given["template"],
            "variables": self.mapping(),
            "policy": self.policy(),
            "budget": given["budget"],
        }

    @property
    def trial_errors(self) -> bool:
        """Whether something in the folded part has to be mended, which nobody would see there."""
        return any(name in self.errors for name in POLICY_FIELDS)

    @property
    def more_errors(self) -> bool:
        """The same of the part folded within it."""
        return any(name in self.errors for name in MORE_FIELDS)

    def policy(self) -> dict[str, Any]:
        """What was said about trial and stops; a field that was left empty or was not on the page has its default."""
        given = {name: self.cleaned_data.get(name) for name in POLICY_FIELDS}
        policy = {name: value for name, value in given.items() if value not in (None, "")}
        if "canary_size" in policy:
            policy.setdefault("canary_from", max(Policy().canary_from, policy["canary_size"]))
        if self.cleaned_data.get("inactive") == "include":
            policy["exclude_inactive"] = False
        return policy


class BudgetForm(forms.Form):
    """What a campaign may cost; empty: no cap."""

    budget = forms.DecimalField(min_value=0, max_digits=13, decimal_places=2, required=False)


def initial_of(campaign: Any) -> dict[str, Any]:
    """The form's beginning for a draft."""
    return {
        "name": campaign.name,
        "segment": campaign.segment_id,
        "channel": campaign.channel_id,
        "template": campaign.template_id,
        **{name: getattr(campaign.trial, name) for name in POLICY_FIELDS},
        "inactive": "" if campaign.trial.exclude_inactive else "include",
        "budget": campaign.budget,
    }


def filled(mapping: Mapping[str, Mapping[str, str]], contact: Any) -> dict[str, str]:
    """The values that one contact would get, for a preview; what is missing stays out."""
    values: dict[str, str] = {}
    for key, given in mapping.items():
        field = given.get("field", "")
        if given.get("text"):
            value = given["text"]
        elif field == "first_name":
            value = (contact.name or "").strip().split(" ")[0]
        elif field.startswith("attribute:"):
            value = str(contact.attributes.get(field.removeprefix("attribute:")) or "")
        else:
            value = str(getattr(contact, field, "") or "")
        value = value or given.get("fallback", "")
        if value:
            values[key] = value
    return values


def _picked(value: Any, among: list[Any]) -> Any:
    return next((one for one in among if str(one.pk) == str(value)), None)
