"""Jobs of the team: the letter with an invitation, and forgetting sessions that are over."""

from __future__ import annotations

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone, translation
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import sessions
from .invitations import link_of
from .models import Invitation


@app.task(name="team.mail_invitation", retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def mail_invitation(invitation_id: int, turn: int) -> None:
    """Send the link of this turn, unless it was used, taken back or sent anew meanwhile."""
    found = Invitation.objects.filter(pk=invitation_id, turn=turn, accepted_at=None, revoked_at=None).first()
    if found is None:
        return
    context = {"invitation": found, "link": link_of(found)}
    with translation.override(found.language):
        subject, _blank, text = render_to_string("team/_letter.html", context).strip().partition("\n")
        send_mail(subject.strip(), text.strip(), None, [found.email])
    Invitation.objects.filter(pk=found.pk).update(mailed_at=timezone.now())


@app.periodic(cron="17 4 * * *")
@app.task(name="team.forget_sessions", queueing_lock="team.forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Delete what is left of sessions that are over."""
    sessions.forget_over()
