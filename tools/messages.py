"""The gettext catalogues: `extract` brings them up to date with the code, `check` refuses gaps, `compile` makes .mo.

No gettext programs are needed: Django turns templates into text that Babel's Python extractor reads.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
KEYWORDS: dict[str, Any] = dict.fromkeys(
    [
        *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
        *("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"),
    ]
)
# A provider's error table says in words of ours what a code means. Providers know no Django: the second word of each
# row is found by where it stands, and translated where it is shown (web.undelivered.refusal).
ROW = "_row"
CALL = re.compile(r"\b(n?p?gettext(?:_lazy)?|_)\(")
LITERAL = re.compile(r"\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?", re.S)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]")


@dataclass(frozen=True)
class Found:
    """One translatable text as it stands in the code: its singular, its plural when it has one, its context."""

    file: str
    line: int
    text: str | tuple[str, str]
    context: str | None
    comments: list[str]


def found() -> Iterator[Found]:
    """Every translatable text of Python and templates."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "simulator" not in path.parts and "migrations" not in path.parts:
            yield from _python(path, path.read_bytes())
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        yield from _template(path)


def _python(path: Path, source: bytes) -> Iterator[Found]:
    rows = path.name == "errors.py" and "providers" in path.parts
    keywords = KEYWORDS | {ROW: None} if rows else KEYWORDS
    for found_here in extract_python(io.BytesIO(source), keywords, ["Translators:"], {}):
        line, function, words, comments = found_here[:4]
        given = [words] if isinstance(words, str) else words or ()
        if function == ROW:
            given = given[1:2]
        texts = [word for word in given if word]
        yield from _call(path, int(line), str(function), texts, list(comments or ()))


def _template(path: Path) -> Iterator[Found]:
    # What Django makes of a template is text with calls in it, not Python that could be parsed.
    text = templatize(path.read_text(), origin=str(path))
    for call in CALL.finditer(text):
        words: list[str] = []
        at = call.end()
        while literal := LITERAL.match(text, at):
            words.append(ast.literal_eval(literal[1]))
            at = literal.end()
        yield from _call(path, text.count("\n", 0, call.start()) + 1, call[1], words, [])


def _call(path: Path, line: int, function: str, given: list[str], comments: list[str]) -> Iterator[Found]:
    context = given.pop(0) if "pgettext" in function and given else None
    if given:
        text = (given[0], given[1]) if function.startswith("n") and len(given) > 1 else given[0]
        yield Found(path.relative_to(SOURCE).as_posix(), line, text, context, comments)


def template() -> Catalog:
    """All texts of the code, without translations."""
    catalog = Catalog(project="Envoi", charset="utf-8", fuzzy=False)
    for one in found():
        catalog.add(one.text, None, [(one.file, one.line)], auto_comments=one.comments, context=one.context)
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
        # No dates and no addresses: they would change with every run and say nothing.
        catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
        catalog.last_translator = catalog.language_team = "Envoi contributors"
        catalog.msgid_bugs_address = "see CONTRIBUTING.md"
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
        texts = _texts(have.string) if have and not have.fuzzy else []
        if not texts or not all(texts):
            wrong.append(f"not translated: {message.id!r}")
            continue
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in _texts(message.id)}
        if any(frozenset(PLACEHOLDER.findall(text)) not in wanted for text in texts):
            wrong.append(f"placeholders differ: {message.id!r}")
    return wrong


def _texts(one: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [one] if isinstance(one, str) else list(one or [])


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
