"""Zenvia's face with what the control API may do to it, below /_simulator/zenvia:

PUT  accounts/{id}          AccountSpec -> {"templates": {"name/locale": id}, "subscriptions": [ids]}
POST templates/{id or name} {"status" | "qualityScore", "locale"?}: there is no event for it, as at Zenvia
POST subscriptions/{id}     {"status"}: as when too many posts failed
and customers/{phone}/say with "text", "button" {text, payload}, "image" true, or a whole "content" of Zenvia's, and
"idRef" or "referral" beside it.
"""

import time
from typing import Any

from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer, BadCall, body_of, said, said_later
from envoi.simulator.http_request import Request
from envoi.simulator.meta.steering import PIXEL
from envoi.simulator.zenvia import files, subscriptions, templates
from envoi.simulator.zenvia.accounts import Account, AccountSpec, Sender
from envoi.simulator.zenvia.face import ZenviaFace


class Zenvia(ZenviaFace):
    """What simulator.app.FACES holds for Zenvia."""

    def steer(self, request: Request, parts: list[str]) -> Answer | None:
        match request.method, parts:
            case "PUT", ["accounts", account_id]:
                return said_later(self._put_account(account_id, body_of(request, AccountSpec)))
            case "POST", ["templates", name]:
                return said(self._change_templates(name, body_of(request, dict[str, Any])))
            case "POST", ["subscriptions", subscription_id]:
                return said(self._change_subscription(subscription_id, body_of(request, dict[str, Any])))
        return None

    def act(self, number_id: str, customer: Customer, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        """A customer's act. "stop" is WhatsApp's own button, of which Zenvia tells nothing but later failures."""
        sender = self.numbers[number_id]
        match verb:
            case "say":
                return self._say(sender, customer, asked)
            case "stop":
                customer.stopped_marketing.add(number_id)
            case "resume":
                customer.stopped_marketing.discard(number_id)
            case "close_window":
                customer.written_at.pop(number_id, None)
        return {verb: number_id}

    def _say(self, sender: Sender, customer: Customer, asked: dict[str, Any]) -> dict[str, Any]:
        if isinstance(asked.get("content"), dict):
            content = asked["content"]
        elif isinstance(asked.get("button"), dict):
            content = {"type": "text", **asked["button"]}
        elif asked.get("image"):
            file = files.keep(self, PIXEL, "image/png", "photo.png")
            file.token = sender.account.spec.token if sender.account.spec.private_files else ""
            content = {"type": "file", "fileUrl": files.address(self, file), "fileMimeType": file.mime_type}
        elif isinstance(asked.get("text"), str):
            content = {"type": "text", "text": asked["text"]}
        else:
            raise BadCall("Say what the customer writes: text, button, image or content.")
        more: dict[str, Any] = {name: asked[name] for name in ("idRef", "referral") if name in asked}
        message_id, posted = self.inbound(sender, customer, [content], int(time.time()), more)
        self.world.emit(posted, customer.key, message_id)
        return {"id": message_id, "delivered_to": posted[0].url if posted else None}

    async def _put_account(self, account_id: str, spec: AccountSpec) -> dict[str, Any]:
        """Set an account up, or change it; what clients subscribed themselves stays."""
        for sender in spec.senders:
            owner = self.numbers.get(sender.id)
            if owner and owner.account.id != account_id:
                raise BadCall(f"The sender {sender.id} belongs to account {owner.account.id}.")
        account = self.accounts.setdefault(account_id, Account(account_id, spec))
        for gone in account.senders:
            self.numbers.pop(gone, None)
        account.spec = spec
        account.senders = {one.id: Sender(one.id, one, account) for one in spec.senders}
        self.numbers.update(account.senders)
        account.templates = {}
        for template in spec.templates:
            templates.keep(self, account, template)
        if spec.callback_url:
            for old in list(account.subscriptions.values()):
                await subscriptions.end(self, account, old)
            for event, direction in (("MESSAGE", {"direction": "IN"}), ("MESSAGE_STATUS", {})):
                criteria = {"channel": "whatsapp", **direction}
                subscriptions.open_one(self, account, event, spec.callback_url, dict(spec.hook_headers), criteria)
        return {
            "templates": {f"{one.name}/{one.locale}": one.id for one in account.templates.values()},
            "subscriptions": list(account.subscriptions),
        }

    def _change_templates(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        status, quality = changes.get("status"), changes.get("qualityScore")
        if status is not None and status not in templates.STATUSES:
            raise BadCall(f"A template can't be {status!r}: use {', '.join(templates.STATUSES)}.")
        found = [
            template
            for account in self.accounts.values()
            for template in account.templates.values()
            if name in (template.id, template.name) and changes.get("locale") in (None, template.locale)
        ]
        if not found:
            raise BadCall(f"There is no template {name!r}.", status=404)
        for template in found:
            template.round += 1
            template.status = status or template.status
            template.quality = str(quality or template.quality)
        return {"templates": {template.id: template.status for template in found}}

    def _change_subscription(self, subscription_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        if changes.get("status") not in subscriptions.STATUSES:
            raise BadCall(f"Use one of {', '.join(subscriptions.STATUSES)}.")
        for account in self.accounts.values():
            if subscription_id in account.subscriptions:
                account.subscriptions[subscription_id].status = changes["status"]
                return {"status": changes["status"]}
        raise BadCall(f"There is no subscription {subscription_id!r}.", status=404)
