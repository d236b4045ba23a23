"""What people type on the inbox's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..core.paging import whole
from ..web.look import language_choices


class CannedForm(forms.Form):
    """A canned reply."""

    shortcut = forms.CharField(
        label=_("Shortcut"), max_length=41, help_text=_("One word. In the composer, type / and its first letters.")
    )
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    text = forms.CharField(
        label=_("Text"),
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 7, "dir": "auto"}),
        help_text=_("{{first_name}}, {{name}}, {{phone}} and {{agent}} are filled in, and your own attributes by key."),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)

    def __init__(self, data: Any, *, initial: dict[str, Any], teams: list[tuple[int, str]]) -> None:
        super().__init__(data, initial=initial)
        languages: forms.ChoiceField = self.fields["language"]  # type: ignore[assignment]
        languages.choices = [("", _("Any language")), *language_choices()]
        several: forms.ChoiceField = self.fields["team"]  # type: ignore[assignment]
        several.choices = [("", _("Everybody")), *((str(pk), name) for pk, name in teams)]

    def values(self) -> dict[str, Any]:
        """For canned.add and canned.change."""
        said = self.cleaned_data
        return {
            "shortcut": said["shortcut"],
            "title": said["title"],
            "text": said["text"],
            "language": said["language"],
            "team_id": whole(said["team"]),
        }
