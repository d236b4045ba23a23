"""What an agent waits for in an inbox of a million conversations and 20 million messages.

    python bench/inbox.py [--conversations N] [--messages N] [--times N] [--plans]

Lists and counts, every view and filter, later pages, threads, and searches for words that everybody writes, that some
write, that one wrote and that nobody did, each asked of the same functions as the pages ask, in no order. `value` is
the highest p95 of all but the searches, in milliseconds; that of the searches stands beside it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import mailbox
from bench.rig import Memory, bench, result, say

REACH_MS = 150.0
REACH_SEARCH_MS = 400.0

SEARCHES = {
    "everybody's word": ("hello", "parcel", "merci", "the", "colis", "谢谢"),
    "two of everybody's": ("parcel urgent", "commande merci", "return jacket", "鞋子 谢谢"),
    "beginnings": ("ret", "comm", "urg", "dev", "rembours"),
    "chinese": ("退货", "包裹", "太小", "优惠码"),
    "other scripts": ("طلب", "استرجاع", "größe", "código"),
    "never together": ("hello 退货", "colis jacket", "paket abrigo gracias"),
    "nobody's": ("zeppelin", "xylophone quartz", "飞艇"),
}

Ask = Callable[[], Any]


def main() -> None:
    """Measure and print one JSON line."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--conversations", type=int, default=1_000_000)
    ask.add_argument("--messages", type=int, default=20_000_000)
    ask.add_argument("--times", type=int, default=60, help="how often each is asked")
    asked = ask.parse_args()
    with bench() as one:
        took = mailbox.fill(one.url, conversations=asked.conversations, messages=asked.messages)
        memory = Memory(os.getpid())
        found = measured(asked)
        searches = {name: times for name, times in found.items() if name.startswith("search")}
        others = {name: times for name, times in found.items() if name not in searches}
        worst, slowest = max((p95(times), name) for name, times in others.items())
        slow_search, slowest_search = max((p95(times), name) for name, times in searches.items())
        result(
            "inbox",
            value=worst,
            unit="milliseconds at p95",
            baseline="what an agent may have to wait, searches apart, in milliseconds",
            baseline_value=REACH_MS,
            seconds=time.monotonic() - one.started,
            peak_rss_mb=memory.stop(),
            more={
                "slowest": slowest,
                "search_ms": round(slow_search, 1),
                "search_ratio": round(slow_search / REACH_SEARCH_MS, 4),
                "slowest_search": slowest_search,
                "p95_ms": {name: round(p95(times), 1) for name, times in sorted(found.items())},
                "p50_ms": {name: round(statistics.median(times), 1) for name, times in sorted(found.items())},
                "conversations": asked.conversations,
                "messages": asked.messages,
                "filled_in_seconds": took,
            },
        )


def measured(asked: argparse.Namespace) -> dict[str, list[float]]:
    """Milliseconds of each question, asked `times` times in an order that has none."""
    importlib.import_module("envoi.config.start")
    queries = importlib.import_module("envoi.inbox.queries")
    searching = importlib.import_module("envoi.inbox.searching")
    staff = importlib.import_module("envoi.team.models").Staff
    chance = random.Random(7)  # noqa: S311
    people = asked.conversations * 4 // 5
    agents = list(staff.objects.filter(role="agent"))

    def listed(view: str, **filters: Any) -> Ask:
        return lambda: queries.conversations(chance.choice(agents), view, **{k: v() for k, v in filters.items()})

    def far(view: str) -> Ask:
        # A page deep in the list: the cursor that page 40 would have given.
        after = None
        for _ in range(40):
            page = queries.conversations(agents[0], view, after=after)
            after = page.next or after
        return lambda: queries.conversations(agents[0], view, after=after)

    def thread() -> None:
        contact = chance.randint(1, people)
        queries.conversation_for(agents[0], contact, contact)
        lines = queries.thread(agents[0], contact, contact)
        if not lines:
            sys.exit("A thread is empty.")

    def older() -> None:
        contact = chance.randint(1, people)
        lines = queries.thread(agents[0], contact, contact, limit=10)
        queries.thread(agents[0], contact, contact, before=lines[0].cursor, limit=10)

    questions: dict[str, Ask] = {f"list {view}": listed(view) for view in queries.VIEWS}
    questions |= {f"far {view}": far(view) for view in ("all", "waiting", "closed")}
    for view in ("all", "closed", "waiting", "unassigned"):
        questions[f"{view} of a team"] = listed(view, team=lambda: chance.randint(1, mailbox.TEAMS))
        questions[f"{view} of a number"] = listed(view, channel=lambda: chance.randint(1, mailbox.CHANNELS))
        for tag, name in ((1, "usual"), (2, "vip"), (3, "rare")):
            questions[f"{view} of a tag ({name})"] = listed(view, tag=lambda tag=tag: tag)
    questions["list by name"] = listed("all", q=lambda: f"Customer {chance.randint(1, people)}")
    questions["closed by a common name"] = listed("closed", q=lambda: "custom")
    questions["closed by number"] = listed("closed", q=lambda: f"{chance.randint(1, people):08d}"[2:])
    questions["counts"] = lambda: queries.counts(chance.choice(agents))
    questions |= {"thread": thread, "thread, older": older}
    for name, words in SEARCHES.items():
        questions[f"search {name}"] = lambda words=words: searching.found(agents[0], chance.choice(words))
    questions["search one order"] = lambda: searching.found(
        agents[0], f"FR{chance.randint(1, asked.messages // 10) * 10}"
    )
    say("Asking …")
    order = [name for name in questions for _ in range(asked.times)]
    chance.shuffle(order)
    times: dict[str, list[float]] = {name: [] for name in questions}
    for name in order:
        began = time.perf_counter()
        questions[name]()
        times[name].append((time.perf_counter() - began) * 1000)
    for name, some in times.items():
        say(f"{name:>32}  p50 {statistics.median(some):8.1f}  p95 {p95(some):8.1f} ms")
    return times


def p95(times: list[float]) -> float:
    """What 95 of 100 take at most."""
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


if __name__ == "__main__":
    main()
