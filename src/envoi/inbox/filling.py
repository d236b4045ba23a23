"""Variables of canned replies and the known places of templates: what stands for {{first_name}} and its like."""

from __future__ import annotations

from ..contacts.models import Contact
from ..message_templates.parts import VARIABLE
from ..team.models import Staff


def known_values(contact: Contact, by: Staff | None) -> dict[str, str]:
    """Values by name; attributes of the company's own by their keys. A name that has no value is not in it."""
    name = contact.name.strip()
    known = {str(key): str(value) for key, value in contact.attributes.items() if isinstance(value, str | int | float)}
    known |= {
        "name": name,
        "first_name": name.split(" ")[0] if name else "",
        "phone": contact.phone or "",
        "agent": str(by) if by else "",
    }
    return {key: value for key, value in known.items() if value}


def filled(text: str, contact: Contact, by: Staff | None) -> str:
    """The text with what is known in it; what is not stays as {{name}}, for the writer to see."""
    known = known_values(contact, by)
    return VARIABLE.sub(lambda match: known.get(match[1], match[0]), text)
