"""Signing in with a second step: the app is set up, its code is asked for, a recovery code helps once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from envoi.team.models import Staff
from tests.rig import Rig

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery"


def code_of(secret: str, *, later: int = 0) -> str:
    """What an authenticator app shows (RFC 6238), written here anew."""
    counter = struct.pack(">Q", int(time.time()) // 30 + later)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def with_password(page: Page) -> None:
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_password_alone_no_longer_opens(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    with_password(page)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    page.goto("/account/two-step/totp/activate/")
    # Whoever sits down at an open browser has to know the password.
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("img[src^='data:image/svg']")).to_be_visible()
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("[name=code]").fill("000000" if code_of(secret) != "000000" else "111111")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#authenticator_secret")).to_have_value(secret)
    assert not Authenticator.objects.exists()
    page.locator("[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page).not_to_have_url(re.compile("activate"))
    # Whoever reads the database can't make codes.
    for one in Authenticator.objects.all():
        assert secret not in str(one.data)
        assert str(one.data.get("secret") or one.data.get("seed")).startswith("gAAAA")

    page.goto("/account/two-step/recovery-codes/")
    recovery = page.locator("textarea").input_value().split()
    assert len(recovery) >= 8

    # The password leads to the second step and no further.
    sign_out(page)
    with_password(page)
    expect(page.get_by_role("heading", name="Two-Factor Authentication")).to_be_visible()
    page.goto("/contacts/")
    expect(page.get_by_role("heading", name="Two-Factor Authentication")).to_be_visible()
    page.locator("[name=code]").fill("12345678")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.locator("[name=code]").fill(code_of(secret, later=1))
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("link", name="Contacts")).to_be_visible()

    # Without the phone: a recovery code lets in once.
    sign_out(page)
    with_password(page)
    page.locator("[name=code]").fill(recovery[0])
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    sign_out(page)
    with_password(page)
    page.locator("[name=code]").fill(recovery[0])
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
