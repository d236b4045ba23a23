from __future__ import annotations

from django.urls import path

from . import views

app_name = "replies"
urlpatterns = [
    path("", views.rule_list, name="list"),
    path("new/", views.edit, name="new"),
    path("ready/", views.ready, name="ready"),
    path("try/", views.bench, name="bench"),
    path("settings/", views.for_all, name="settings"),
    path("faq/", views.faq, name="faq"),
    path("faq/suggestions", views.suggestions, name="suggestions"),
    path("faq/<int:entry_id>/delete", views.delete_entry, name="delete_entry"),
    path("codes/", views.pool_list, name="pools"),
    path("codes/new/", views.pool, name="new_pool"),
    path("codes/<int:pool_id>/", views.pool, name="pool"),
    path("codes/<int:pool_id>/add", views.add_codes, name="add_codes"),
    path("codes/<int:pool_id>/remove", views.remove_codes, name="remove_codes"),
    path("codes/<int:pool_id>/delete", views.delete_pool, name="delete_pool"),
    path("<int:rule_id>/", views.edit, name="show"),
    path("<int:rule_id>/move", views.move, name="move"),
    path("<int:rule_id>/switch", views.switch, name="switch"),
    path("<int:rule_id>/delete", views.delete, name="delete"),
    path("<int:rule_id>/calls/<int:contact_id>.<int:call_id>/repeat", views.repeat_call, name="repeat_call"),
]
