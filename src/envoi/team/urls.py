"""The team's pages; those that need the work of other apps too are staffing's."""

from __future__ import annotations

from django.urls import path

from . import audit_views, views

app_name = "team"
urlpatterns = [
    path("keys/", views.key_list, name="keys"),
    path("keys/<int:key_id>/revoke", views.revoke, name="revoke_key"),
    path("invite/", views.invite, name="invite"),
    path("invitations/<int:invitation_id>/", views.invitation, name="invitation"),
    path("invitations/<int:invitation_id>/resend", views.resend, name="resend"),
    path("invitations/<int:invitation_id>/revoke", views.take_back, name="take_back"),
    path("join/<str:sealed>/", views.accept, name="accept"),
    path("teams/", views.team_list, name="teams"),
    path("teams/<int:team_id>/", views.team, name="team"),
    path("roles/", views.roles, name="roles"),
    path("two-step/", views.two_steps, name="two_steps"),
    path("two-step-needed/", views.two_step_needed, name="two_step_needed"),
    path("sessions/", views.session_list, name="sessions"),
    path("sessions/<int:session_id>/end", views.end_session, name="end_session"),
    path("sessions/end-others", views.end_others, name="end_others"),
    path("audit/", audit_views.audit, name="audit"),
    path("audit/export", audit_views.export, name="audit_export"),
]
