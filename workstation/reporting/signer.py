"""Who signs, as a RIS can know them: a name alone names nobody for certain."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.reporting.text import clean_line


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """The reader at this seat: the name as it is signed, the number, and who gives it (an OID, a URI, or a name)."""

    name: str = ""
    number: str = ""
    system: str = ""

    def is_of(self, name: str) -> bool:
        """Whether this is who is named, with a number. A name that another reader signed under has none here."""
        return bool(self.number and self.system) and clean_line(name) == clean_line(self.name)

    @property
    def uri(self) -> str:
        """The system as FHIR wants it: an OID as a URN, a name as it is."""
        is_oid = "." in self.system and all(part.isdigit() for part in self.system.split("."))
        return f"urn:oid:{self.system}" if is_oid else self.system


NOBODY = SignerIdentity()
