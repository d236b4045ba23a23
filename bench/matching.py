"""Which of 2,000 rules a message means: the compiled index against asking every rule in turn.

    envoi bench matching [--rules N] [--messages N] [--json]

The loop is what one writes first: for each rule each keyword, by the same comparisons. Both see the same texts in six
languages, with and without a keyword, with typos, up to 4,096 characters long, and must say the same.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from datetime import UTC, datetime

from bench import rig

from envoi.replies.folding import folded, is_unspaced
from envoi.replies.keywords import is_one_typo, may_be_mistyped
from envoi.replies.matching import Matcher
from envoi.replies.rules import Customer, Heard, Rule

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
SYLLABLES = {
    "latin": "ba be bi bo ka ke ki ko la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se si so ta te".split(),
    "arabic": "با تا جا دا را سا عا فا قا كا لا ما نا ها وا يا".split(),
    "hindi": "का की कु खा गी चा जी टा ती दा नी पा बी मा री ला".split(),
    "chinese": list("优惠折扣退货营业时间订单发货多少钱客服谢谢你好地址支付红包积分会员"),
}
HOWS = ("word", "contains", "exact", "fuzzy")


def rules(count: int, chance: random.Random) -> list[Rule]:
    """Rules of three keywords each, in four scripts and all four ways; some of them phrases."""
    return [
        Rule(id=number, words=tuple(_keyword(chance) for _ in range(3)), how=chance.choice(HOWS), stops=False)
        for number in range(count)
    ]


def texts(count: int, known: list[Rule], chance: random.Random) -> list[str]:
    """Messages as they come: most short, a third with a keyword, some with a typo, one in a hundred very long."""
    return [_text(known, chance) for _ in range(count)]


def naive(known: list[Rule], text: str) -> set[int]:
    """The rules that this text means, by a loop over all of them."""
    said = folded(text)
    tokens = said.split()
    found = set()
    for rule in known:
        for word in rule.words:
            keyword = folded(word)
            if _means(keyword, rule.how, said, tokens):
                found.add(rule.id)
                break
    return found


def _means(keyword: str, how: str, said: str, tokens: list[str]) -> bool:
    if how == "exact":
        return said == keyword
    if how == "contains" or is_unspaced(keyword):
        return keyword in said
    if f" {keyword} " in f" {said} ":
        return True
    if how != "fuzzy" or not may_be_mistyped(keyword):
        return False
    size = len(keyword.split())
    some = tokens[:60]
    return any(
        is_one_typo(keyword, " ".join(some[place : place + width]))
        for width in (size - 1, size, size + 1)
        if width > 0
        for place in range(len(some) - width + 1)
    )


def _keyword(chance: random.Random) -> str:
    script = chance.choice(["latin", "latin", "latin", "arabic", "hindi", "chinese"])
    if script == "chinese":
        return "".join(chance.choices(SYLLABLES[script], k=chance.choice([2, 3, 4, 4])))
    return " ".join(_word(script, chance) for _ in range(chance.choice([1, 1, 1, 2])))


def _word(script: str, chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES[script], k=chance.choice([3, 3, 4, 5])))


def _text(known: list[Rule], chance: random.Random) -> str:
    script = chance.choice(list(SYLLABLES))
    long = chance.random() < 0.01
    words = [_word(script, chance) for _ in range(600 if long else chance.randint(1, 14))]
    if chance.random() < 0.34:
        keyword = chance.choice(chance.choice(known).words)
        if chance.random() < 0.4 and len(keyword) > 3:
            place = chance.randrange(len(keyword))
            keyword = keyword[:place] + keyword[place + 1 :]
        words.insert(chance.randint(0, len(words)), keyword)
    return ("" if script == "chinese" else " ").join(words)[:4_096].capitalize() + chance.choice(["", "?", " !!"])


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rules", type=int, default=2_000)
    words.add_argument("--messages", type=int, default=20_000)
    words.add_argument("--compared", type=int, default=100)
    asked = words.parse_args()
    began = time.monotonic()
    memory = rig.Memory(os.getpid())
    chance = random.Random(6)  # noqa: S311
    known = rules(asked.rules, chance)
    said = texts(asked.messages, known, chance)
    rig.say(f"Compiling {asked.rules} rules …")
    started = time.perf_counter()
    matcher = Matcher(known)
    compiling = time.perf_counter() - started
    rig.say(f"Matching {asked.messages} messages …")
    customer, taken, worked, hits = Customer(), [], [], 0
    for text in said:
        started, busy = time.perf_counter(), time.process_time()
        hits += bool(matcher.match(Heard("text", text, AT, 1), customer, lambda _at, _team: True))
        worked.append(time.process_time() - busy)
        taken.append(time.perf_counter() - started)
    rig.say(f"The loop over all rules, {asked.compared} messages …")
    loop = []
    for text in said[: asked.compared]:
        started = time.perf_counter()
        expected = naive(known, text)
        loop.append(time.perf_counter() - started)
        got = {one.rule.id for one in matcher.match(Heard("text", text, AT, 1), customer, lambda _at, _team: True)}
        assert got == expected, (text, got ^ expected)
    taken.sort()
    worked.sort()
    rig.result(
        "matching",
        value=statistics.fmean(taken),
        unit="seconds a message",
        baseline="a loop over every keyword of every rule, the same comparisons",
        baseline_value=statistics.fmean(loop),
        seconds=time.monotonic() - began,
        peak_rss_mb=memory.stop(),
        more={
            "rules": asked.rules,
            "messages": asked.messages,
            "p50_ms": round(taken[len(taken) // 2] * 1e3, 4),
            "p99_ms": round(taken[int(len(taken) * 0.99)] * 1e3, 4),
            # Of the processor alone: on a machine that does other things too, the clock counts those.
            "p99_processor_ms": round(worked[int(len(worked) * 0.99)] * 1e3, 4),
            "most_ms": round(taken[-1] * 1e3, 3),
            "compiling_ms": round(compiling * 1e3, 1),
            "matched_share": round(hits / asked.messages, 3),
        },
    )


if __name__ == "__main__":
    main()
