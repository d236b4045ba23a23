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

ORDER_DATE: tuple[str, ...] = ("date", "order date", "ordered at", "purchase date", "date de commande", "date d'achat")
# What shops' own exports call it: Shopify, WooCommerce.
ORDER_DATE += ("created at", "date created")
ORDER_DATE += ("日期", "下单日期", "订单日期", "下单时间", "购买日期")
AMOUNT: tuple[str, ...] = ("amount", "total", "total amount", "order total", "price", "value")
AMOUNT += ("montant", "prix", "montant total", "金额", "总额", "订单金额", "总金额", "价格")
ORDER: tuple[str, ...] = ("order", "order id", "order number", "order no", "commande", "numéro de commande")
ORDER += ("n° commande", "id commande", "订单号", "订单编号", "订单id")

PRODUCT: tuple[str, ...] = ("product", "products", "item", "article", "sku", "product name", "line items")
PRODUCT += ("lineitem name", "item name")
PRODUCT += ("produit", "produits", "articles", "référence", "商品", "商品名称", "产品", "货号")

STATE: tuple[str, ...] = ("financial status", "payment status", "order status", "status")
STATE += (
    "statut du paiement",
    "statut de paiement",
    "statut de la commande",
    "statut",
    "支付状态",
    "付款状态",
    "订单状态",
    "状态",
)
REFUNDED: tuple[str, ...] = ("refunded amount", "refunded", "amount refunded", "refund amount", "total refunded")
REFUNDED += ("montant remboursé", "remboursé", "remboursement", "退款金额", "退款", "已退款")

ORDER_TITLES: Titles = {
    "customer": CUSTOMER,
    "phone": PHONE,
    "at": ORDER_DATE,
    "amount": AMOUNT,
    "currency": ("currency", "devise", "monnaie", "货币", "币种"),
    "quantity": ("quantity", "qty", "items", "pieces", "lineitem quantity", "quantité", "qté", "数量", "件数"),
    "external_id": ORDER,
    "items": PRODUCT,
    "sku": ("lineitem sku", "item sku", "product sku"),
    "price": ("lineitem price", "item price", "unit price", "prix unitaire", "单价"),
    "other_phone": ("billing phone", "shipping phone"),
    "state": STATE,
    "refunded": REFUNDED,
    "cancelled": ("cancelled at", "canceled at", "date cancelled", "annulé le", "取消时间", "取消日期"),
}

# What a column may be beside what is known by name: an attribute under a title of its own, or nothing.
ATTRIBUTE = "attribute:"
IGNORED = ""
TITLE = 60

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


def recognise(header: Sequence[str], titles: Titles, chosen: Sequence[str] = ()) -> Columns:
    """Find the columns. Of two with the same meaning the first counts; the other stays under its own title.

    chosen: what somebody said each column is, in their order, without line and reason of a file of rejects: a name of
    `titles`, `attribute:<title>`, or IGNORED. Raises BadInput when that does not fit the file.
    """
    mended = is_rejects(header)
    if chosen:
        return _as_chosen(header, titles, chosen, 2 if mended else 0)
    at: dict[str, int] = {}
    others: list[tuple[int, str]] = []
    for place, name in enumerate(guess(header, titles)):
        if mended and place < 2:
            continue
        if name in titles:
            at[name] = place
        elif name:
            others.append((place, name.removeprefix(ATTRIBUTE)))
    return Columns(at, others, mended)


def guess(header: Sequence[str], titles: Titles) -> list[str]:
    """What each column seems to be, as `recognise` takes it: "" for one without a title."""
    meaning = {folded(title): name for name, known in titles.items() for title in known}
    words = [folded(title) for title in header]
    # “Nom” is the whole name, unless “Prénom” stands beside it.
    if "prenom" in words:
        meaning["nom"] = "last_name"
    # A shop's export calls the order's number “Name” where its lines have “Lineitem name”.
    if "external_id" in titles and "lineitem name" in words:
        meaning["name"] = "external_id"
    found: list[str] = []
    for title, word in zip(header, words, strict=True):
        name = meaning.get(word, "")
        if name and name not in found:
            found.append(name)
        else:
            found.append(ATTRIBUTE + title.strip()[:TITLE] if title.strip() else IGNORED)
    return found


def is_rejects(header: Sequence[str]) -> bool:
    """Whether this is the first line of a file of rejects of ours."""
    words = [folded(title) for title in header[:3]]
    return len(words) > 2 and words[0] in _REJECTS[0] and words[1] in _REJECTS[1]


def _as_chosen(header: Sequence[str], titles: Titles, chosen: Sequence[str], skip: int) -> Columns:
    if len(chosen) != len(header) - skip:
        raise BadInput(
            _("The file has %(found)s columns, the choice of columns was made for %(chosen)s.")
            % {"found": len(header) - skip, "chosen": len(chosen)}
        )
    at: dict[str, int] = {}
    others: list[tuple[int, str]] = []
    for place, name in enumerate(chosen, skip):
        if name in titles:
            if name in at:
                raise BadInput(
                    _("Two columns, “%(one)s” and “%(other)s”, are meant to be the same: choose one of them.")
                    % {"one": header[at[name]][:60], "other": header[place][:60]}
                )
            at[name] = place
        elif name.startswith(ATTRIBUTE):
            others.append((place, name.removeprefix(ATTRIBUTE)))
        elif name != IGNORED:
            raise BadInput(_("“%(name)s” is nothing that a column can be.") % {"name": name[:60]})
    return Columns(at, others, bool(skip))


def missing(header: Sequence[str], needed: str) -> BadInput:
    """The Problem for a file without its columns; `needed` says which, with examples."""
    found = ", ".join(f"“{title[:30]}”" for title in header[:12] if title)
    if len(header) > 12:
        found += ", …"
    return BadInput(
        _("The file needs %(needed)s. Its first line has: %(found)s.")
        % {"needed": needed, "found": found or _("nothing")}
    )


def need_contacts(header: Sequence[str], columns: Columns) -> None:
    """Raise BadInput unless the columns name a person."""
    if not columns.at.keys() & {"phone", "customer"}:
        needed = _("a column with the phone (“phone”) or the customer number (“customer number”)")
        raise missing(header, needed)


def need_orders(header: Sequence[str], columns: Columns, currency: str) -> None:
    """Raise BadInput unless the columns name a customer, a date and an amount; currency: the whole file's, or ""."""
    found = columns.at.keys()
    if not found & {"customer", "phone", "other_phone"} or not found >= {"at", "amount"}:
        needed = _("columns with the customer (“customer” or “phone”), the date (“date”) and the amount (“amount”)")
        raise missing(header, needed)
    if "currency" not in found and not currency:
        needed = _("a column with the currency (“currency”), or a currency chosen for the whole file")
        raise missing(header, needed)
