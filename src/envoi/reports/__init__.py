"""Reads across the apps."""
