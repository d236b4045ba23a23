"""What a phone number tells: country, language, the form WhatsApp keeps; it refuses to look it up."""

from typing import NamedTuple


class Country(NamedTuple):
    """ISO 3166 code, the language customers there answer in, and the calling code."""

    iso: str
    language: str
    calling_code: str


_TABLE = """
1 US en|7 RU ru|20 EG ar|27 ZA en|30 GR en|31 NL nl|32 BE fr|33 FR fr|34 ES es|36 HU en|39 IT it
40 RO en|41 CH de|43 AT de|44 GB en|45 DK en|46 SE en|47 NO en|48 PL pl|49 DE de|51 PE es|52 MX es
53 CU es|54 AR es|55 BR pt|56 CL es|57 CO es|58 VE es|60 MY en|61 AU en|62 ID id|63 PH en|64 NZ en
65 SG en|66 TH en|81 JP ja|82 KR ko|84 VN en|86 CN zh|90 TR tr|91 IN hi|92 PK en|93 AF en|94 LK en
95 MM en|98 IR en|211 SS en|212 MA fr|213 DZ fr|216 TN fr|218 LY ar|220 GM en|221 SN fr|222 MR fr
223 ML fr|224 GN fr|225 CI fr|226 BF fr|227 NE fr|228 TG fr|229 BJ fr|230 MU fr|231 LR en|233 GH en
234 NG en|235 TD fr|236 CF fr|237 CM fr|238 CV pt|241 GA fr|242 CG fr|243 CD fr|244 AO pt|249 SD ar
250 RW fr|251 ET en|252 SO en|254 KE en|255 TZ en|256 UG en|258 MZ pt|260 ZM en|261 MG fr|262 RE fr
263 ZW en|264 NA en|267 BW en|269 KM fr|351 PT pt|352 LU fr|353 IE en|354 IS en|355 AL en|356 MT en
357 CY en|358 FI en|359 BG en|370 LT en|371 LV en|372 EE en|373 MD en|374 AM en|375 BY ru|377 MC fr
380 UA ru|381 RS en|385 HR en|386 SI en|387 BA en|389 MK en|420 CZ en|421 SK en|502 GT es|503 SV es
504 HN es|505 NI es|506 CR es|507 PA es|509 HT fr|590 GP fr|591 BO es|592 GY en|593 EC es|594 GF fr
595 PY es|596 MQ fr|597 SR nl|598 UY es|687 NC fr|689 PF fr|852 HK zh|853 MO zh|855 KH en|856 LA en
880 BD en|886 TW zh|960 MV en|961 LB ar|962 JO ar|963 SY ar|964 IQ ar|965 KW ar|966 SA ar|967 YE ar
968 OM ar|970 PS ar|971 AE ar|972 IL en|973 BH ar|974 QA ar|976 MN en|977 NP en|992 TJ ru|993 TM ru
994 AZ en|995 GE en|996 KG ru|998 UZ ru
"""
_COUNTRIES = {
    code: Country(iso, language, code)
    for code, iso, language in (entry.split() for entry in _TABLE.replace("\n", "|").split("|") if entry.strip())
}
_UNKNOWN = Country("ZZ", "en", "")

_CANADA_TEXT = """
204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431 437 438 450 460
468 474 506 514 519 537 548 568 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782
807 819 825 867 873 879 902 905 942
"""
_CANADA = frozenset(_CANADA_TEXT.split())
_ELSEWHERE_TEXT = """
809:DO 829:DO 849:DO 787:PR 939:PR 658:JM 876:JM 242:BS 246:BB 264:AI 268:AG 284:VG 340:VI 345:KY
441:BM 473:GD 649:TC 664:MS 670:MP 671:GU 684:AS 721:SX 758:LC 767:DM 784:VC 868:TT 869:KN
"""
_ELSEWHERE = dict(entry.split(":") for entry in _ELSEWHERE_TEXT.split())  # neither US nor Canada


def country_of(digits: str) -> Country:
    """The country of a number in international digits; "ZZ" and English when the calling code is unknown."""
    if digits.startswith("1"):
        area = digits[1:4]
        if area in _CANADA:
            return Country("CA", "en", "1")
        if area in _ELSEWHERE:
            return Country(_ELSEWHERE[area], "es" if _ELSEWHERE[area] in ("DO", "PR") else "en", "1")
        return _COUNTRIES["1"]
    if digits.startswith(("76", "77")):
        return Country("KZ", "ru", "7")
    for length in (3, 2, 1):
        country = _COUNTRIES.get(digits[:length])
        if country:
            return country
    return _UNKNOWN


def digits_of(phone: str) -> str:
    """The digits of a phone, without the +, spaces, hyphens and parentheses that Meta tolerates; "" if not
    one.
    """
    digits = phone.translate(str.maketrans("", "", "+ -().\u00a0"))
    return digits if digits.isascii() and digits.isdigit() else ""


def wa_id_of(digits: str) -> str:
    """The form WhatsApp keeps: Brazil beyond area 30 loses the ninth digit, Mexico gains a 1 (Meta fact
    sheet, A.1).
    """
    if digits.startswith("55") and len(digits) == 13 and digits[4] == "9" and digits[2:4] >= "31":
        return digits[:4] + digits[5:]
    if digits.startswith("52") and len(digits) == 12:
        return "521" + digits[2:]
    return digits
