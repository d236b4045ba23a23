"""Fixtures: simulators with a Twilio account."""

from .making import make_rig, rig

__all__ = ["make_rig", "rig"]
