"""Which column of a file is which: titles in English, French and Chinese, whatever their capitals and accents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..core.errors import BadInput
from .words import folded

Titles = Mapping[str, Sequence[str]]

PHONE: tuple[str, ...] = (
    "phone",
    "phone number",
    "mobile",
    "mobile phone",
    "mobile number",
    "cell",
    "cell phone",
    "telephone",
    "tel",
)
PHONE += ("whatsapp", "whatsapp number", "msisdn", "téléphone", "numéro de téléphone", "portable", "téléphone portable")
PHONE += ("téléphone mobile", "gsm", "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "移动电话")
CUSTOMER: tuple[str, ...] = (
    "customer",
    "customer number",
    "customer id",
    "customer no",
    "client number",
    "client id",
    "external id",
)
CUSTOMER += ("numéro client", "numéro de client", "n° client", "no client", "code client", "id client", "client")
CUSTOMER += ("客户编号", "客户号", "客户id", "客户", "会员号", "会员编号", "会员id")
CONSENT: tuple[str, ...] = ("consent", "marketing", "marketing consent", "opt in", "optin", "newsletter consent")
CONSENT += ("consentement", "consentement marketing", "accord", "同意", "营销同意", "同意营销", "是否同意")
CONSENT_DATE: tuple[str, ...] = ("consent date", "consent at", "consent time", "opt in date", "opt-in date")
CONSENT_DATE += ("date de consentement", "date du consentement", "同意日期", "同意时间")

CONTACT_TITLES: Titles = {
    "phone": PHONE,
    "customer": CUSTOMER,
    "name": ("name", "full name", "nom", "nom complet", "nom et prénom", "姓名", "名称", "全名", "客户姓名"),
    "first_name": ("first name", "firstname", "given name", "prénom", "名", "名字"),
    "last_name": ("last name", "lastname", "surname", "family name", "nom de famille", "姓", "姓氏"),
    "language": ("language", "lang", "locale", "langue", "语言", "语种"),
    "country": ("country", "country code", "pays", "code pays", "国家", "国家代码", "国家/地区"),
    "timezone": ("timezone", "time zone", "fuseau horaire", "时区"),
    "tags": ("tags", "tag", "labels", "étiquettes", "étiquette", "标签"),
    "consent": CONSENT,
    "consent_at": CONSENT_DATE,
}

# The first two columns of our own file of rejects: mended and sent back, they say nothing about a person.
_REJECTS = ({"line", "ligne", "行", "行号"}, {"reason", "raison", "motif", "原因"})


@dataclass(frozen=True, slots=True)
class Columns:
    """at: the place of each known column. others: place and title of the rest. mended: it is a file of rejects."""

    at: dict[str, int]
    others: list[tuple[int, str]]
    mended: bool = False


def is_known(titles: Titles) -> set[str]:
    """The folded titles that `recognise` looks for."""
    return {folded(title) for known in titles.values() for title in known}


def recognise(header: Sequence[str], titles: Titles) -> Columns:
    """Find the columns. Of two with the same meaning the first counts; the other stays under its own title."""
    meaning = {folded(title): name for name, known in titles.items() for title in known}
    # “Nom” is the whole name, unless “Prénom” stands beside it.
    words = [folded(title) for title in header]
    if "prenom" in words:
        meaning["nom"] = "last_name"
    mended = len(words) > 2 and words[0] in _REJECTS[0] and words[1] in _REJECTS[1]
    at: dict[str, int] = {}
    others: list[tuple[int, str]] = []
    for place, title in enumerate(header):
        if mended and place < 2:
            continue
        name = meaning.get(words[place])
        if name and name not in at:
            at[name] = place
        elif title.strip():
            others.append((place, title.strip()[:60]))
    return Columns(at, others, mended)


def missing(header: Sequence[str], needed: str) -> BadInput:
    """The Problem for a file without its columns; `needed` says which, with examples."""
    found = ", ".join(f"“{title[:30]}”" for title in header[:12] if title)
    if len(header) > 12:
        found += ", …"
    return BadInput(
        _("The file needs %(needed)s. Its first line has: %(found)s.")
        % {"needed": needed, "found": found or _("nothing")}
    )
