"""The demo shop's template, as Meta has it after approval (Meta sheet, C.1)."""

from __future__ import annotations

from typing import Any

NAME = "autumn_offer"
LANGUAGE = "en"

COMPONENTS: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "New records for autumn"},
    {
        "type": "BODY",
        "text": (
            "Hello {{first_name}}, this season’s records are in. Until Sunday the code {{code}} takes *20%* off the "
            "whole shelf. Reply *YES* and we put one aside for you."
        ),
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Élodie"},
                {"param_name": "code", "example": "AUTUMN20"},
            ]
        },
    },
    {"type": "FOOTER", "text": "Reply STOP to end these offers"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "QUICK_REPLY", "text": "Later"}]},
]

VARIABLES = {"first_name": {"field": "first_name"}, "code": {"text": "AUTUMN20"}}
