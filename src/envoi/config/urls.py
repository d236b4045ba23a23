"""Every address of the web pages and of the REST API."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from envoi.notifications.views import worker as service_worker
from envoi.rest.views import docs

from .api import api


def not_here(request: HttpRequest) -> HttpResponse:
    """A page of allauth that Envoi does not have."""
    raise Http404


urlpatterns = [
    path("", include("envoi.reports.urls")),
    path("inbox/", include("envoi.inbox.urls")),
    path("contacts/", include("envoi.contacts.urls")),
    path("contacts/", include("envoi.records.urls")),
    path("orders/", include("envoi.orders.urls")),
    path("segments/", include("envoi.segments.urls")),
    path("replies/", include("envoi.replies.urls")),
    path("templates/", include("envoi.message_templates.urls")),
    path("channels/", include("envoi.channels.urls")),
    path("channels/", include("envoi.messaging.trial_urls")),
    path("channels/limits/", include("envoi.messaging.limit_urls")),
    path("files/", include("envoi.messaging.urls")),
    path("files/", include("envoi.media.urls")),
    path("prices/", include("envoi.rates.urls")),
    path("campaigns/", include("envoi.campaigns.urls")),
    # allauth's pages that need e-mail, or would let people in by themselves: a colleague adds and helps you.
    path("account/signup/", not_here),
    path("account/email/", not_here),
    path("account/confirm-email/", not_here),
    path("account/password/reset/", not_here),
    path("account/", include("allauth.account.urls")),
    path("account/two-step/", include("allauth.mfa.urls")),
    path("service/satisfaction/", include("envoi.inbox.satisfaction_urls")),
    path("team/", include("envoi.team.urls")),
    path("service/", include("envoi.inbox.service_urls")),
    path("notifications/", include("envoi.notifications.urls")),
    path("service-worker.js", service_worker),
    path("team/", include("envoi.staffing.urls")),
    path("api/v1/docs", docs, {"api": api}, name="api_docs"),
    path("api/v1/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
