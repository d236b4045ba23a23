from __future__ import annotations

from django.urls import path, register_converter

from . import views


class OneOf:
    """A word of a short list; anything else is no address of ours."""

    regex = ""

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class What(OneOf):
    regex = "check|again|hooks"


class ChannelState(OneOf):
    regex = "active|paused"


register_converter(What, "account_job")
register_converter(ChannelState, "channel_state")

app_name = "channels"
urlpatterns = [
    path("", views.channel_list, name="list"),
    path("connect/", views.choose, name="choose"),
    path("connect/<slug:provider>/", views.connect, name="connect"),
    path("accounts/<int:account_id>/", views.account, name="account"),
    path("accounts/<int:account_id>/live", views.account_live, name="account_live"),
    path("accounts/<int:account_id>/change/", views.change, name="change"),
    path("accounts/<int:account_id>/ask/<account_job:what>", views.ask, name="ask"),
    path("accounts/<int:account_id>/disconnect", views.disconnect, name="disconnect"),
    path("accounts/<int:account_id>/forget-old", views.forget_old, name="forget_old"),
    path("accounts/<int:account_id>/number/", views.add_number, name="add_number"),
    path("<int:channel_id>/state/<channel_state:state>", views.set_state, name="set_state"),
    path("<int:channel_id>/pace", views.set_pace, name="set_pace"),
]
