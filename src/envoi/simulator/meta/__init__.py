"""Meta's Cloud API as seen from outside: routes, JSON shapes, error codes; it refuses to decide anybody's
fate.

Source of every shape and limit: the Meta fact sheet (sections A to G are named where they apply).
"""
