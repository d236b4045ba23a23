"""Every address of the web pages."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("envoi.reports.urls")),
    path("contacts/", include("envoi.contacts.urls")),
    path("segments/", include("envoi.segments.urls")),
    path("templates/", include("envoi.message_templates.urls")),
    path("channels/", include("envoi.channels.urls")),
    path("campaigns/", include("envoi.campaigns.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/two-step/", include("allauth.mfa.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
