"""Zenvia's API v2 as seen from outside: routes, JSON shapes, error codes; it refuses to decide anybody's fate.

Source of every shape: the Zenvia fact sheet (its sections are named where they apply). What the sheet does not tell is
this face's own choice, and said so.
"""
