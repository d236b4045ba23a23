"""The people on the other side and what a scenario prescribes them; it refuses to know about messages."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from envoi.simulator import speech
from envoi.simulator.countries import country_of, digits_of, wa_id_of
from envoi.simulator.draws import Draws

USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


SendFault = Literal["error_500", "error_503", "drop_before", "error_500_after", "drop_after", "timeout_after"]


class Script(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What one customer does, whatever chance would say. What is left out is left to chance.

    `read_after`, `reply_after`: simulated seconds after delivery. `replies`: the text, or false for never, or
    true for a text of chance. `replies_to`: how many messages are answered. `fault`: the name of a send fault
    (see settings.Faults), for the first `fault_times` attempts of each message. `fails_with`: an error code
    for an asynchronous failure. `phone_hidden`: webhooks name the customer by user id only. `window_open`:
    may be written to freely from the start. `stopped_marketing`: has pressed "stop promotions" (131050).
    """

    phone: str
    name: str | None = None
    language: str | None = None
    user_id: str | None = None
    phone_hidden: bool = False
    on_whatsapp: bool | None = None
    delivered: bool | None = None
    reads: bool | None = None
    read_after: float | None = None
    replies: str | bool | None = None
    reply_after: float | None = None
    replies_to: int = 1
    fault: SendFault | None = None
    fault_times: int = 1
    fails_with: int | None = None
    window_open: bool = False
    stopped_marketing: bool = False


class Scenario(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A scenario file: `{"customers": [Script, …], "settings": {…}}`."""

    customers: list[Script] = []
    settings: dict[str, Any] = {}


@dataclass(slots=True, eq=False)
class Customer:
    """One person. `key` is the WhatsApp form of the phone, or the user id of who has no phone."""

    key: str
    phone: str
    iso: str
    language: str
    name: str
    username: str | None
    script: Script | None = None
    replies_given: int = 0
    written_at: dict[str, float] = field(default_factory=dict)
    stopped_marketing: set[str] = field(default_factory=set)

    @property
    def phone_hidden(self) -> bool:
        return not self.phone or (self.script is not None and self.script.phone_hidden)

    def window_is_open(self, number: str, now: float) -> bool:
        """The customer wrote to this number within 24 h of REAL time: the platform reads real timestamps,
        too.
        """
        if self.script and self.script.window_open:
            return True
        return now - self.written_at.get(number, float("-inf")) < 24 * 3600

    def has_stopped_marketing(self, number: str) -> bool:
        return number in self.stopped_marketing or (self.script is not None and self.script.stopped_marketing)


class People:
    """Everyone who was ever written to, made on first sight."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._people: dict[str, Customer] = {}
        self._scripts: dict[str, Script] = {}
        self._user_ids: dict[tuple[str, str], str] = {}
        self._by_user_id: dict[str, str] = {}

    def prescribe(self, script: Script) -> None:
        """Bind a script to a phone; a customer already known obeys it from now on."""
        key = wa_id_of(digits_of(script.phone)) or script.phone
        self._scripts[key] = script
        if script.user_id:
            self._by_user_id[script.user_id] = key
        if key in self._people:
            known = self._people.pop(key)
            renewed = self.by_phone(key)
            renewed.written_at, renewed.stopped_marketing = known.written_at, known.stopped_marketing

    def forget(self) -> None:
        """Forget everybody; scripts and user ids stay."""
        self._people.clear()

    def by_phone(self, digits: str) -> Customer:
        key = wa_id_of(digits)
        return self._people.get(key) or self._meet(key, digits)

    def by_user_id(self, user_id: str) -> Customer:
        """The customer behind a business-scoped id; one never seen by phone has none."""
        key = self._by_user_id.get(user_id, user_id)
        return self._people.get(key) or self._meet(key, key if key.isdigit() else "")

    def user_id_of(self, customer: Customer, portfolio: str) -> str:
        """The business-scoped user id, the same for all numbers of one portfolio (Meta fact sheet, A.9)."""
        if not customer.phone:
            return customer.key
        if customer.script and customer.script.user_id:
            return customer.script.user_id
        known = self._user_ids.get((portfolio, customer.key))
        if known is None:
            digits = self._draws.number("user id", portfolio, customer.key) % 10**16
            known = f"{customer.iso}.{digits:016d}"
            self._user_ids[portfolio, customer.key] = known
            self._by_user_id[known] = customer.key
        return known

    def _meet(self, key: str, phone: str) -> Customer:
        draws, script = self._draws, self._scripts.get(key)
        country = country_of(key) if phone else country_of("")
        language = (script and script.language) or country.language
        name = draws.one_of(speech.NAMES.get(language, speech.NAMES["en"]), "name", key)
        customer = Customer(
            key=key,
            phone=phone,
            iso=country.iso if phone else key[:2],
            language=language,
            name=(script and script.name) or name,
            username=f"@{name.split()[0].lower()}.{draws.number('username', key) % 10000}"
            if draws.share("has username", key) < 0.2
            else None,
            script=script,
        )
        self._people[key] = customer
        return customer
