"""Bird's face with what the control API may do to it.

PUT  bird/accounts/{id}      AccountSpec -> {"handshake": "skipped", "templates": {"name/language": id or project id}}
POST bird/numbers/{id}       {"throughput" | "quality_rating" | "messaging_limit" | "status" | "name"}
POST bird/templates/{slug}   {"status": of a language, "language"?}
A customer's acts: say {"text" | "button" {payload, text} | "image": true | "message": in the mode's own words},
stop (on the suppression list), resume (off it), close_window.
"""

import time
import uuid
from typing import Any

import msgspec

from envoi.simulator.bird import gen2_api
from envoi.simulator.bird.accounts import Account, AccountSpec, Channel, ChannelSpec, Template, Version, Wording
from envoi.simulator.bird.face import BirdFace
from envoi.simulator.bird.gen3_admin import EVENTS
from envoi.simulator.bird.wordings import from_meta
from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer, BadCall, body_of, said, said_later
from envoi.simulator.http_request import Request

SUBSCRIBED = {"gen3": EVENTS, "gen2": gen2_api.EVENTS, "conversations": ("message.created", "message.updated")}
STATUSES = ("approved", "pending", "rejected", "paused", "disabled")


class Bird(BirdFace):
    """What simulator.app.FACES holds for Bird."""

    def steer(self, request: Request, parts: list[str]) -> Answer | None:
        match request.method, parts:
            case "PUT", ["accounts", account_id]:
                return said_later(self._put(account_id, body_of(request, AccountSpec)))
            case "POST", ["numbers", number_id]:
                return said(self._change_number(self._channel(number_id), body_of(request, dict[str, Any])))
            case "POST", ["templates", slug]:
                return said(self._change_template(slug, body_of(request, dict[str, Any])))
        return None

    def act(self, number_id: str, customer: Customer, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(number_id)
        match verb:
            case "say":
                if not any(asked.get(key) for key in ("text", "button", "image", "message")):
                    raise BadCall("Say what the customer writes: text, button, image or message.")
                identity, update = self.inbound(channel, customer, asked, time.time())
                self.world.emit(update, customer.key, identity)
                return {"id": identity, "delivered_to": update[0].url if update else None}
            case "close_window":
                customer.written_at.pop(channel.id, None)
                return {"window": "closed"}
            case "stop":
                self.suppress(channel.account, customer, time.time())
            case _:
                customer.stopped_marketing.difference_update(channel.account.channels)
                channel.account.suppressed.pop(f"+{customer.key}", None)
        return {"value": verb}

    async def _put(self, account_id: str, spec: AccountSpec) -> dict[str, Any]:
        """Set an account up, or change it; templates and channels are those of the spec from now on."""
        account = self.accounts.get(account_id) or Account(account_id, spec)
        account.spec = spec
        kept = dict(account.channels)
        for key in account.channels:
            self.channels.pop(key, None)
        account.channels = {}
        for channel_spec in spec.channels:
            channel = Channel(channel_spec, account, f"wan_{self.world.identity().lower()}")
            if channel.id in self.channels:
                raise BadCall(f"The number {channel.id} belongs to another account.")
            if old := kept.get(channel.id):
                channel = old
                channel.spec = channel_spec
            account.channels[channel.id] = self.channels[channel.id] = channel
        account.templates = {}
        for one in spec.templates:
            self._add_template(account, one.name, one.language, one.category, one.status, one.components)
        self.accounts[account_id] = account
        for endpoint in list(account.endpoints.values()):
            await self.close_endpoint(account, endpoint)
        if spec.callback_url:
            self.open_endpoint(account, spec.callback_url, list(SUBSCRIBED[spec.mode]), spec.signing_key)
        named = {
            f"{template.slug}/{tag.replace('-', '_')}": template.project_id if spec.mode == "gen2" else template.id
            for template in account.templates.values()
            for tag in template.shown
        }
        return {"handshake": "skipped", "templates": named}

    def _add_template(
        self, account: Account, name: str, language: str, category: str, status: str, components: list[dict[str, Any]]
    ) -> None:
        tag = language.replace("_", "-")
        template = account.template(name)
        if template is None:
            project = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.id}/{name}"))
            template = Template(f"wat_{self.world.identity().lower()}", name, project, category.lower(), tag)
            account.templates[template.id] = template
            template.live = Version(f"wav_{self.world.identity().lower()}", submitted_at="2026-01-01T00:00:00Z")
        assert template.live is not None
        wording = Wording(from_meta(components), status.lower(), category.lower(), original=components)
        template.live.languages[tag] = wording

    def _change_number(self, channel: Channel, changes: dict[str, Any]) -> dict[str, Any]:
        try:
            changed = {**msgspec.to_builtins(channel.spec), **changes, "id": channel.spec.id}
            channel.spec = msgspec.convert(changed, ChannelSpec)
        except msgspec.ValidationError as error:
            raise BadCall(str(error)) from None
        now: dict[str, Any] = msgspec.to_builtins(channel.spec)
        return now

    def _change_template(self, slug: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Move a template's languages to a status; nothing announces it, as at Bird."""
        status, language = str(changes.get("status", "")).lower(), changes.get("language")
        if status not in STATUSES:
            raise BadCall(f"A template can't be {status!r}: use {', '.join(STATUSES)}.")
        moved = {}
        for account in self.accounts.values():
            template = account.template(slug)
            for tag, wording in (template.shown if template else {}).items():
                if language in (None, tag, tag.replace("-", "_")):
                    wording.status = moved[tag] = status
        if not moved:
            raise BadCall(f"There is no template {slug!r}.", status=404)
        return {"templates": moved}

    def _channel(self, number_id: str) -> Channel:
        if number_id not in self.channels:
            raise BadCall(f"There is no number {number_id!r}.", status=404)
        return self.channels[number_id]
