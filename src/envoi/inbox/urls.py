"""The inbox. A conversation's address names its customer and itself; what is done with it stands below."""

from __future__ import annotations

from django.urls import include, path, register_converter
from django.urls.converters import IntConverter

from . import canned_views, offer_views, steering_views, views, writing_views


class Key(IntConverter):
    """A number that fits a bigint."""

    regex = "[0-9]{1,18}"


register_converter(Key, "key")

app_name = "inbox"

# What stands below one conversation.
below = [
    path("now", views.now, name="now"),
    path("thread", views.thread, name="thread"),
    path("segments", views.segments, name="segments"),
    path("here", views.here, name="here"),
    path("canned", canned_views.canned_words, name="canned_words"),
    path("send", writing_views.send, name="send"),
    path("take-back", writing_views.take_back, name="take_back"),
    path("react", writing_views.react, name="react"),
    path("draft", writing_views.draft, name="draft"),
    path("composing", writing_views.composing, name="composing"),
    path("templates", offer_views.templates, name="templates"),
    path("templates/<int:template_id>", offer_views.template, name="template"),
    path("buttons", offer_views.buttons, name="buttons"),
    path("assign", steering_views.assign, name="assign"),
    path("close", steering_views.close, name="close"),
    path("reopen", steering_views.reopen, name="reopen"),
    path("snooze", steering_views.snooze, name="snooze"),
    path("priority", steering_views.priority, name="priority"),
    path("tag", steering_views.tag, name="tag"),
    path("about", steering_views.about, name="about"),
]

urlpatterns = [
    path("", views.conversation_list, name="list"),
    path("live", views.live, name="live"),
    path("waiting", views.waiting, name="waiting"),
    path("upload", writing_views.upload, name="upload"),
    path("with/<int:contact_id>/", steering_views.write_to, name="write_to"),
    path("canned/", canned_views.canned_list, name="canned"),
    path("canned/new/", canned_views.canned_edit, name="canned_new"),
    path("canned/<int:canned_id>/", canned_views.canned_edit, name="canned_edit"),
    path("canned/<int:canned_id>/delete", canned_views.canned_delete, name="canned_delete"),
    path("<key:contact_id>-<key:conversation_id>/", include([path("", views.show, name="show"), *below])),
    # The API names a conversation with a point between.
    path("<key:contact_id>.<key:conversation_id>/", views.show_by_point, name="show_by_point"),
]
