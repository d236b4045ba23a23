"""The gettext catalogues: `extract` brings them up to date with the code, `check` refuses gaps, `compile` makes .mo.

No gettext programs are needed: Django turns templates into text that Babel's Python extractor reads.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from django.conf import settings

if not settings.configured:
    settings.configure(USE_I18N=True)

from django.utils.translation.template import templatize

SOURCE = Path("src/envoi")
LOCALE = SOURCE / "web" / "locale"
LANGUAGES = ("fr", "zh_Hans")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]")


def found() -> Iterator[tuple[str, int, str, object, list[str]]]:
    """Every translatable text: (file, line, function, argument or arguments, comments)."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "simulator" not in path.parts and "migrations" not in path.parts:
            yield from _python(path, path.read_bytes())
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        text = templatize(path.read_text(), origin=str(path))
        yield from _python(path, text.encode())


def _python(path: Path, text: bytes) -> Iterator[tuple[str, int, str, object, list[str]]]:
    for line, function, words, comments in extract_python(io.BytesIO(text), list(KEYWORDS), ["Translators:"], {}):
        yield path.relative_to(SOURCE).as_posix(), line, function, words, comments


def template() -> Catalog:
    """All texts of the code, without translations."""
    catalog = Catalog(project="Envoi", charset="utf-8", fuzzy=False)
    for file, line, function, words, comments in found():
        given = list(words) if isinstance(words, tuple | list) else [words]
        if not given or given[0] is None:
            continue
        context = given.pop(0) if "pgettext" in function else None
        message = tuple(given[:2]) if function.lstrip("p").startswith("ngettext") or "np" in function else given[0]
        catalog.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return catalog


def read(language: str) -> Catalog:
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def extract() -> int:
    fresh = template()
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(fresh, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.fuzzy = False
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pofile.write_po(file, catalog, width=110, omit_header=False, sort_by_file=True, include_lineno=False)
        print(f"{language}: {len(gaps(catalog, fresh))} texts to translate", file=sys.stderr)
    return 0


def gaps(catalog: Catalog, fresh: Catalog) -> list[str]:
    """What a catalogue lacks: untranslated texts, and translations that lose or invent a placeholder."""
    wrong: list[str] = []
    for message in fresh:
        if not message.id:
            continue
        have = catalog.get(message.id, message.context)
        texts = (have.string if isinstance(have.string, tuple) else (have.string,)) if have else ()
        if not texts or not all(texts) or have.fuzzy:
            wrong.append(f"not translated: {message.id!r}")
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in ids}
        if any(frozenset(PLACEHOLDER.findall(text)) not in wanted for text in texts):
            wrong.append(f"placeholders differ: {message.id!r}")
    return wrong


def check() -> int:
    fresh, bad = template(), 0
    for language in LANGUAGES:
        catalog = read(language)
        wrong = gaps(catalog, fresh)
        known = {(message.id, message.context) for message in fresh}
        wrong += [f"no longer used: {one.id!r}" for one in catalog if one.id and (one.id, one.context) not in known]
        for line in wrong[:20]:
            print(f"{language}: {line}", file=sys.stderr)
        bad += len(wrong)
    if bad:
        print(f"{bad} texts to mend in the catalogues: run `make messages`, then translate.", file=sys.stderr)
    return 1 if bad else 0


def compile_all() -> int:
    for language in LANGUAGES:
        path = LOCALE / language / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, read(language))
    return 0


if __name__ == "__main__":
    sys.exit({"extract": extract, "check": check, "compile": compile_all}[sys.argv[1]]())
