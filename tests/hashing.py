"""Passwords of tests: the product's own way to keep them, with one round of it instead of a million.

A million rounds are a quarter of a second for each of the many tests that make somebody who may sign in. What a test
makes is read by the product's processes all the same, since a kept password says how many rounds it has.
"""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    """PBKDF2 as the product has it, quickly."""

    iterations = 1
