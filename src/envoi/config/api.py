"""Which resources the REST API has, and where."""

from __future__ import annotations

from envoi.campaigns.api import router as campaigns
from envoi.channels.api import accounts, channels
from envoi.contacts.api import tags
from envoi.inbox.api import router as conversations
from envoi.message_templates.api import router as templates
from envoi.messaging.api import router as messages
from envoi.orders.api import router as orders
from envoi.records.api import contacts
from envoi.replies.api import router as replies
from envoi.reports.api import router as reports
from envoi.rest.api import new_api
from envoi.segments.api import router as segments

api = new_api()
api.add_router("/contacts", contacts)
api.add_router("/tags", tags)
api.add_router("/orders", orders)
api.add_router("/segments", segments)
api.add_router("/templates", templates)
api.add_router("/campaigns", campaigns)
api.add_router("/messages", messages)
api.add_router("/replies", replies)
api.add_router("/conversations", conversations)
api.add_router("/accounts", accounts)
api.add_router("/channels", channels)
api.add_router("/reports", reports)
