"""What may be set about the simulated world, with presets; it refuses unknown names and impossible rates."""

from typing import Annotated, Any

import msgspec

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Faults(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How often things go wrong: shares of sends (or of customers, or of webhook updates), and two durations.

    `error_500` and `error_503` answer so without accepting; `error_500_after` accepts first. `drop_before`
    and `drop_after` reset the connection without or with acceptance; `timeout_after` accepts, stays silent
    for `hold_seconds` real seconds and closes. `not_on_whatsapp` is a share of customers (131026),
    `marketing_cap` of marketing templates (131049); `never_delivered` messages stop at "sent".
    `answer_seconds` is the usual real delay of an answer, half to double by draw.
    """

    error_500: Rate = 0.0
    error_500_after: Rate = 0.0
    error_503: Rate = 0.0
    drop_before: Rate = 0.0
    drop_after: Rate = 0.0
    timeout_after: Rate = 0.0
    not_on_whatsapp: Rate = 0.0
    marketing_cap: Rate = 0.0
    never_delivered: Rate = 0.0
    duplicate_webhooks: Rate = 0.0
    out_of_order_webhooks: Rate = 0.0
    hold_seconds: Seconds = 30.0
    answer_seconds: Seconds = 0.0


class Habits(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What customers do with what they get: shares of delivered messages, then shares of replies.

    65 % read and 15 % reply are the product's own lines (mission M13); replies answer templates, and free-
    form messages only at `free_reply_rate`, so that an automatic reply does not start an endless
    conversation.
    """

    read_rate: Rate = 0.65
    reply_rate: Rate = 0.15
    free_reply_rate: Rate = 0.0
    stop_rate: Rate = 0.05
    button_rate: Rate = 0.6


class Postage(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How webhooks leave. Seconds are real. `queue_bound` updates may wait; then the world stands still."""

    batch: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    flush_seconds: Seconds = 0.005
    connections: Count = 4
    retry_first_seconds: Seconds = 0.25
    retry_longest_seconds: Seconds = 5.0
    timeout_seconds: Seconds = 10.0
    queue_bound: Count = 100_000


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The whole world. `speed` divides every simulated delay; the seconds here are simulated.

    `throughput_limit` and `pair_limit` can be lifted. `us_marketing_paused`: as at Meta since 2025.
    `prefix_country_code`: a recipient without + gets the sender's country code, as at Meta. `pacing_after`: a
    marketing template of unknown quality goes to so many, the rest is held for `pacing_seconds`; 0 never holds.
    """

    speed: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    faults: Faults = Faults()
    customers: Habits = Habits()
    webhooks: Postage = Postage()
    throughput_limit: bool = True
    throughput_counts_inbound: bool = False
    pair_limit: bool = True
    us_marketing_paused: bool = True
    prefix_country_code: bool = True
    review_seconds: Seconds = 60.0
    pacing_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    pacing_seconds: Seconds = 1800.0


PRESETS: dict[str, Faults] = {
    "none": Faults(),
    "realistic": Faults(
        error_500=0.002,
        error_500_after=0.0005,
        error_503=0.001,
        drop_before=0.0005,
        drop_after=0.0005,
        timeout_after=0.0005,
        not_on_whatsapp=0.02,
        marketing_cap=0.03,
        never_delivered=0.03,
        duplicate_webhooks=0.01,
        out_of_order_webhooks=0.02,
    ),
    "harsh": Faults(
        error_500=0.02,
        error_500_after=0.01,
        error_503=0.02,
        drop_before=0.02,
        drop_after=0.02,
        timeout_after=0.01,
        not_on_whatsapp=0.05,
        marketing_cap=0.08,
        never_delivered=0.05,
        duplicate_webhooks=0.10,
        out_of_order_webhooks=0.15,
    ),
}


class UnknownSetting(Exception):
    """A setting that does not exist or a value out of its range; the text names it."""


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Return the settings with `changes` laid over them.

    `faults` is a preset's name, or an object of single rates laid over the present ones; an object may name a
    `preset` to start from. `customers` and `webhooks` are objects laid over the present ones.
    """
    merged = msgspec.to_builtins(settings)
    for name, value in changes.items():
        if name == "faults":
            merged[name] = _faults(merged[name], value)
        elif name in ("customers", "webhooks") and isinstance(value, dict):
            merged[name] = {**merged[name], **value}
        else:
            merged[name] = value
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise UnknownSetting(str(error)) from error


def _faults(present: dict[str, Any], value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        value = dict(value)
        if "preset" in value:
            present = _faults(present, value.pop("preset"))
        return {**present, **value}
    if value not in PRESETS:
        raise UnknownSetting(f"There is no preset of faults called {value!r}: use {', '.join(PRESETS)}.")
    preset: dict[str, Any] = msgspec.to_builtins(PRESETS[value])
    return preset
