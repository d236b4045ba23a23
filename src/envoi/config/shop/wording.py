"""The demo shop's template, as Meta has it after approval (Meta sheet, C.1)."""

from __future__ import annotations

from typing import Any

NAME = "autumn_offer"
LANGUAGE = "fr"

COMPONENTS: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Les nouveautés de l’automne"},
    {
        "type": "BODY",
        "text": (
            "Bonjour {{first_name}}, les disques de la saison sont arrivés. Jusqu’à dimanche, le code {{code}} "
            "vous donne *20 %* sur tout le rayon. Répondez *OUI* et nous vous en mettons un de côté."
        ),
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Élodie"},
                {"param_name": "code", "example": "AUTOMNE20"},
            ]
        },
    },
    {"type": "FOOTER", "text": "Répondez STOP pour ne plus recevoir nos offres"},
    {
        "type": "BUTTONS",
        "buttons": [{"type": "QUICK_REPLY", "text": "Oui"}, {"type": "QUICK_REPLY", "text": "Plus tard"}],
    },
]

VARIABLES = {"first_name": {"field": "first_name"}, "code": {"text": "AUTOMNE20"}}
