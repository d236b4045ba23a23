"""Problems that a person can act on; it knows nothing of pages, HTTP or SQL."""

from __future__ import annotations


class Problem(Exception):
    """Something asked for can't be done; the text is a whole sentence for the person who asked.

    `status` is the HTTP status that a page or the API answers with.
    """

    status = 409

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(Problem):
    """The thing does not exist, or the asker may not see it: the two are not told apart."""

    status = 404


class NotAllowed(Problem):
    """The asker's role does not include this."""

    status = 403


class Busy(Problem):
    """Something that lasts a while is in the way; nothing was changed, and the same may be asked again soon."""

    status = 503


class BadInput(Problem):
    """What was given can't be understood; nothing was changed."""

    status = 422
