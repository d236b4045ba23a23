"""Accounts at a provider and their numbers."""
