"""Wordings and their approval."""
