"""Every examination is hung by the protocol made for it, whatever language its name is in."""

from __future__ import annotations

import pytest
from hanging_names import NAMED
from hanging_studies import AXIAL, mammogram, series, study
from hanging_third_names import SERIES

from hanging_protocols import roles
from hanging_protocols.engine import ProtocolHanger
from workstation.domain.hanging import HangingContext
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Arrangement

SLICES = ("CT", "MR", "PT")


def parts(modalities: str, body: str) -> list[Series]:
    """A series of each modality with nothing but its modality, its planes and the scanner's body part."""
    if modalities == "MG":
        return [mammogram("R", "R", "CC"), mammogram("L", "L", "CC")]
    return [
        series(name, name, 60, number, body=body, frame="F", ImageOrientationPatient=AXIAL if name in SLICES else ())
        for number, name in enumerate(modalities.split(), start=1)
    ]


def named(modalities: str, name: str, body: str = "") -> Study:
    return study("s", *parts(modalities, body), description=name)


@pytest.fixture(scope="module")
def hung(hanger: ProtocolHanger) -> list[tuple[str, str, Arrangement]]:
    """(name, the protocol that it wants, what hangs) of every row."""
    return [(name, expected, hanger.hang(named(mod, name, body), ())) for mod, name, body, expected in NAMED]


def test_an_examination_is_hung_by_what_it_is_called(hung: list[tuple[str, str, Arrangement]]) -> None:
    assert [(name, one.protocol, expected) for name, expected, one in hung if one.protocol != expected] == []


def test_the_order_says_it_where_the_images_do_not(hanger: ProtocolHanger) -> None:
    """All rows again, the name in the order instead of in the study."""
    wrong = []
    for modalities, name, body, expected in NAMED:
        found = hanger.hang(named(modalities, "", body), (), context=HangingContext(procedure=name)).protocol
        wrong += [(name, found, expected)] if found != expected else []
    assert wrong == []


def test_every_built_in_protocol_is_called_by_a_name_here(hanger: ProtocolHanger) -> None:
    generic = {"ct", "mr", "pet", "tomosynthesis"}
    assert {expected for *_, expected in NAMED} | generic == {protocol.protocol_id for protocol in hanger.protocols}


def test_no_protocol_ties_with_another_for_any_of_these(hung: list[tuple[str, str, Arrangement]]) -> None:
    assert [name for name, _, one in hung if "As many points" in " ".join(one.reasons)] == []


def test_a_series_has_the_roles_that_its_name_says() -> None:
    wrong = []
    for modality, name, wanted, unwanted in SERIES:
        found = {role.value for role in roles.of(series("s", modality, 60, 2, description=name))}
        wrong += [(name, sorted(found))] if set(wanted.split()) - found or found & set(unwanted.split()) else []
    assert wrong == []
