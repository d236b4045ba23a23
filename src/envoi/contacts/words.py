"""Words as people write them in files and forms, in English, French and Chinese, and what each of them means."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from ..core.errors import BadInput

YES: tuple[str, ...] = (
    "yes",
    "y",
    "true",
    "1",
    "x",
    "ok",
    "granted",
    "opt in",
    "opted in",
    "subscribed",
    "agreed",
    "accepted",
)
YES += ("oui", "o", "vrai", "accepté", "d'accord", "inscrit", "abonné", "是", "有", "同意", "已同意", "订阅", "已订阅")
NO: tuple[str, ...] = (
    "no",
    "n",
    "false",
    "0",
    "withdrawn",
    "opt out",
    "opted out",
    "unsubscribed",
    "refused",
    "denied",
    "stop",
)
NO += ("non", "faux", "refusé", "désinscrit", "désabonné", "retiré", "否", "无", "不同意", "拒绝", "退订", "已退订")
NOT_SAID = ("", "unknown", "inconnu", "未知", "n/a", "na", "-", "?", "null", "none")

LANGUAGES: dict[str, tuple[str, ...]] = {
    "ar": ("arabic", "arabe", "阿拉伯语", "العربية"),
    "de": ("german", "allemand", "德语", "deutsch"),
    "en": ("english", "anglais", "英语", "英文"),
    "es": ("spanish", "espagnol", "西班牙语", "español"),
    "fr": ("french", "français", "法语", "法文"),
    "hi": ("hindi", "hindi", "印地语", "हिन्दी"),
    "it": ("italian", "italien", "意大利语", "italiano"),
    "ja": ("japanese", "japonais", "日语", "日本語"),
    "ko": ("korean", "coréen", "韩语", "한국어"),
    "nl": ("dutch", "néerlandais", "荷兰语", "nederlands"),
    "pl": ("polish", "polonais", "波兰语", "polski"),
    "pt": ("portuguese", "portugais", "葡萄牙语", "português"),
    "ru": ("russian", "russe", "俄语", "русский"),
    "tr": ("turkish", "turc", "土耳其语", "türkçe"),
    "zh": ("chinese", "chinois", "中文", "汉语", "mandarin"),
    "zh-hans": ("simplified chinese", "chinois simplifié", "简体中文"),
    "zh-hant": ("traditional chinese", "chinois traditionnel", "繁体中文", "繁體中文"),
}
COUNTRIES: dict[str, tuple[str, ...]] = {
    "AE": ("united arab emirates", "émirats arabes unis", "阿联酋", "uae"),
    "AR": ("argentina", "argentine", "阿根廷"),
    "AT": ("austria", "autriche", "奥地利", "österreich"),
    "AU": ("australia", "australie", "澳大利亚"),
    "BE": ("belgium", "belgique", "比利时", "belgië"),
    "BR": ("brazil", "brésil", "巴西", "brasil"),
    "CA": ("canada", "canada", "加拿大"),
    "CH": ("switzerland", "suisse", "瑞士", "schweiz"),
    "CI": ("ivory coast", "côte d'ivoire", "科特迪瓦"),
    "CL": ("chile", "chili", "智利"),
    "CM": ("cameroon", "cameroun", "喀麦隆"),
    "CN": ("china", "chine", "中国", "中國"),
    "CO": ("colombia", "colombie", "哥伦比亚"),
    "DE": ("germany", "allemagne", "德国", "deutschland"),
    "DK": ("denmark", "danemark", "丹麦"),
    "DZ": ("algeria", "algérie", "阿尔及利亚"),
    "EG": ("egypt", "égypte", "埃及"),
    "ES": ("spain", "espagne", "西班牙", "españa"),
    "FI": ("finland", "finlande", "芬兰"),
    "FR": ("france", "france", "法国", "法國"),
    "GB": ("united kingdom", "royaume-uni", "英国", "great britain", "england", "uk"),
    "HK": ("hong kong", "hong-kong", "香港"),
    "ID": ("indonesia", "indonésie", "印度尼西亚"),
    "IE": ("ireland", "irlande", "爱尔兰"),
    "IL": ("israel", "israël", "以色列"),
    "IN": ("india", "inde", "印度"),
    "IT": ("italy", "italie", "意大利", "italia"),
    "JP": ("japan", "japon", "日本"),
    "KE": ("kenya", "kenya", "肯尼亚"),
    "KR": ("south korea", "corée du sud", "韩国"),
    "LU": ("luxembourg", "luxembourg", "卢森堡"),
    "MA": ("morocco", "maroc", "摩洛哥"),
    "MX": ("mexico", "mexique", "墨西哥", "méxico"),
    "MY": ("malaysia", "malaisie", "马来西亚"),
    "NG": ("nigeria", "nigéria", "尼日利亚"),
    "NL": ("netherlands", "pays-bas", "荷兰", "nederland"),
    "NO": ("norway", "norvège", "挪威"),
    "PE": ("peru", "pérou", "秘鲁"),
    "PH": ("philippines", "philippines", "菲律宾"),
    "PL": ("poland", "pologne", "波兰"),
    "PT": ("portugal", "portugal", "葡萄牙"),
    "RO": ("romania", "roumanie", "罗马尼亚"),
    "RU": ("russia", "russie", "俄罗斯"),
    "SA": ("saudi arabia", "arabie saoudite", "沙特阿拉伯"),
    "SE": ("sweden", "suède", "瑞典"),
    "SG": ("singapore", "singapour", "新加坡"),
    "SN": ("senegal", "sénégal", "塞内加尔"),
    "TH": ("thailand", "thaïlande", "泰国"),
    "TN": ("tunisia", "tunisie", "突尼斯"),
    "TR": ("turkey", "turquie", "土耳其", "türkiye"),
    "TW": ("taiwan", "taïwan", "台湾", "台灣"),
    "US": ("united states", "états-unis", "美国", "united states of america", "usa"),
    "VN": ("vietnam", "viêt nam", "越南"),
    "ZA": ("south africa", "afrique du sud", "南非"),
}

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")


def folded(text: str) -> str:
    """Without capitals, accents, punctuation and doubled spaces: what makes two words the same here."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


def consent_of(text: str) -> str | None:
    """ "granted", "withdrawn", "" when nothing is said, None when it is not understood."""
    return _CONSENT.get(folded(text))


def language_of(text: str) -> str:
    """A language as its lower-case code: "FR", "fr_FR" and "Français" give fr, fr-fr, fr. Raises BadInput."""
    word = folded(text)
    if not word:
        return ""
    code = text.strip().lower().replace("_", "-")
    if len(code) <= 12 and _LANGUAGE_CODE.fullmatch(code):
        return code
    if found := _LANGUAGES.get(word):
        return found
    raise BadInput(_("“%(text)s” is no language: write its code, such as fr or zh-hans.") % {"text": text[:60]})


def country_of_word(text: str) -> str | None:
    """ISO letters of a country's code or name, None when it is not understood."""
    word = text.strip().upper()
    if len(word) == 2 and word.isascii() and word.isalpha():
        return "GB" if word == "UK" else word
    return _COUNTRIES.get(folded(text))


_CONSENT = {folded(word): "granted" for word in YES}
_CONSENT |= {folded(word): "withdrawn" for word in NO}
_CONSENT |= {folded(word): "" for word in NOT_SAID}
_LANGUAGES = {folded(word): code for code, words in LANGUAGES.items() for word in words}
_COUNTRIES = {folded(word): code for code, words in COUNTRIES.items() for word in words}
