"""Saved rules that choose contacts."""
