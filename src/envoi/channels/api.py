"""/accounts and /channels: contracts with providers, and the numbers under them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import Field

from ..core.addresses import hook_url
from ..rest.requests import KeyRequest
from ..rest.shapes import LARGEST, Cursor, Given, Id, Limit, Listing, Name, whole_list
from . import actions, queries

accounts = Router(tags=["accounts"])
channels = Router(tags=["channels"])

Secrets = Annotated[
    dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=4_000)]],
    Field(description="Never given back. Which there are depends on the provider: its page here says.", max_length=20),
]
Address = Annotated[str, Field(max_length=200)]
ProviderId = Annotated[str, Field(min_length=1, max_length=120)]


class AccountGiven(Given):
    """An account to connect. `provider_id`: the provider's own id of it."""

    provider: Annotated[str, Field(max_length=20, examples=["meta"])]
    name: Name
    provider_id: ProviderId
    credentials: Secrets
    base_url: Address = ""


class AccountPart(Given):
    """What may be changed; secrets that are not named stay."""

    name: Name = ""
    provider_id: ProviderId = ""
    credentials: Secrets = {}
    base_url: Address = ""
    portfolio: Annotated[str, Field(max_length=120)] = ""


class AccountOut(Schema):
    """One contract with a provider. `hook_key` and `hook_url` are told to who may change accounts."""

    id: Id
    provider: str
    name: str
    provider_id: str
    base_url: str
    hook_key: str | None
    hook_url: str | None
    portfolio: str
    state: str
    state_reason: str
    problem: str
    created_at: datetime


class ChannelGiven(Given):
    """A number of an account. `provider_id`: the provider's own id of it."""

    account: Id
    name: Name
    address: Annotated[str, Field(min_length=4, max_length=40, examples=["+33639980000"])]
    provider_id: ProviderId
    throughput_per_second: Annotated[int, Field(ge=1, le=10_000)] = 80


class ChannelPart(Given):
    """What may be changed."""

    state: Literal["active", "paused"]


class ChannelOut(Schema):
    """A number that customers see."""

    id: Id
    account: Id
    name: str
    address: str
    provider_id: str
    state: str
    state_reason: str
    quality: str
    tier: str
    throughput_per_second: int
    per_minute: int | None
    created_at: datetime


@accounts.get("", response=Listing[AccountOut])
def list_accounts(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> Listing[AccountOut]:
    """Every account."""
    return whole_list(queries.accounts(request.by), cursor, limit, lambda one: _account(request, one))


@accounts.post("", response={201: AccountOut})
def connect_account(request: KeyRequest, given: AccountGiven) -> Status[AccountOut]:
    """Connect an account, and have the worker ask the provider for its numbers."""
    made = actions.connect_account(**given.model_dump(), by=request.by)
    actions.ask(made.pk, "check", by=request.by)
    return Status(201, _account(request, queries.account_for(request.by, made.pk)))


@accounts.get("/{account_id}", response=AccountOut)
def get_account(request: KeyRequest, account_id: Id) -> AccountOut:
    """One account."""
    return _account(request, queries.account_for(request.by, account_id))


@accounts.patch("/{account_id}", response=AccountOut)
def change_account(request: KeyRequest, account_id: Id, given: AccountPart) -> AccountOut:
    """Change what is sent. The secret before a new one still opens webhooks until it is forgotten."""
    before = queries.account_for(request.by, account_id)
    said = {"name": before.name, "provider_id": before.provider_id, "credentials": {}} | given.said()
    actions.change_account(account_id, **said, by=request.by)
    actions.ask(account_id, "check", by=request.by)
    return _account(request, queries.account_for(request.by, account_id))


@channels.get("", response=Listing[ChannelOut])
def list_channels(
    request: KeyRequest,
    account: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[ChannelOut]:
    """Every number, or those of one account."""
    found = [one for one in queries.channels(request.by) if account in (None, one.account_id)]
    return whole_list(found, cursor, limit, _channel)


@channels.post("", response={201: ChannelOut})
def add_channel(request: KeyRequest, given: ChannelGiven) -> Status[ChannelOut]:
    """Add a number by hand, where the provider has no list of them."""
    said = given.model_dump()
    return Status(201, _channel(actions.add_channel(said.pop("account"), **said, by=request.by)))


@channels.get("/{channel_id}", response=ChannelOut)
def get_channel(request: KeyRequest, channel_id: Id) -> ChannelOut:
    """One number."""
    return _channel(queries.channel_for(request.by, channel_id))


@channels.patch("/{channel_id}", response=ChannelOut)
def change_channel(request: KeyRequest, channel_id: Id, given: ChannelPart) -> ChannelOut:
    """Pause a number, or have it send again."""
    return _channel(actions.set_state(channel_id, state=given.state, by=request.by))


def _account(request: KeyRequest, one: Any) -> AccountOut:
    told = queries.may_change(request.by)
    return AccountOut(
        id=one.pk,
        provider=one.provider,
        name=one.name,
        provider_id=one.provider_id,
        base_url=one.base_url,
        hook_key=one.hook_key if told else None,
        hook_url=hook_url(one.provider, one.hook_key) if told else None,
        portfolio=one.portfolio,
        state=one.state,
        state_reason=one.state_reason,
        problem=one.problem,
        created_at=one.created_at,
    )


def _channel(one: Any) -> ChannelOut:
    return ChannelOut(
        id=one.pk,
        account=one.account_id,
        name=one.name,
        address=one.address,
        provider_id=one.provider_id,
        state=one.state,
        state_reason=one.state_reason,
        quality=one.quality,
        tier=one.tier,
        throughput_per_second=one.throughput_per_second,
        per_minute=one.per_minute,
        created_at=one.created_at,
    )
