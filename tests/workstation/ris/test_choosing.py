"""A site chooses its RIS in settings.toml; what cannot be used is said in words and nothing is sent another way."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from certificates import CertificateAuthority
from seat import PATIENT, evidence_for, item_for, order_for

from workstation.at_rest.vault import Vault
from workstation.core_ris import CoreRis
from workstation.domain import hl7
from workstation.domain.report import ReportAction, SectionCode
from workstation.errors import Refused, WorkstationError
from workstation.reporting.forms import FhirForm, OruForm
from workstation.reporting.store import ReportStore
from workstation.ris.addresses import host_and_port
from workstation.ris.fhir import FhirRis
from workstation.ris.hl7.driver import Hl7Ris
from workstation.settings import Folders, load_settings
from workstation.worklist_store import OrderStore


class Around:
    """What CoreRis needs of the core, made of a settings.toml."""

    vault = Vault.plain()

    def __init__(self, path: Path, text: str) -> None:
        self.folders = Folders(path, path, path)
        self.folders.make()
        (path / "settings.toml").write_text(text, encoding="utf-8")
        self.settings, self.settings_problem = load_settings(self.folders)
        self.ris_url = self.settings.ris_url
        self.reports, self.orders = ReportStore(path / "reports.db"), OrderStore(path / "orders.db")
        self.problems: list[WorkstationError] = []
        self.side = CoreRis(self)  # type: ignore[arg-type]

    def note_problem(self, problem: WorkstationError) -> None:
        self.problems.append(problem)

    def close(self) -> None:
        self.side.close()
        self.reports.close()
        self.orders.close()


@pytest.fixture
def around(tmp_path):
    made = []

    def make(text: str) -> Around:
        made.append(Around(tmp_path / str(len(made)), text))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_an_http_address_is_fhir_and_an_mllp_one_hl7(around) -> None:
    fhir, hl7_only = around('ris_url = "http://127.0.0.1:9/fhir"'), around('ris_url = "mllp://127.0.0.1:9"')
    with closing(fhir.side.make()) as first, closing(hl7_only.side.make()) as second:
        assert (type(first), type(second)) == (FhirRis, Hl7Ris)
    assert (type(fhir.side.form()), type(hl7_only.side.form())) == (FhirForm, OruForm)
    assert (fhir.side.form().can_be_proved, hl7_only.side.form().can_be_proved) == (True, False)
    readable = around('ris_url = "mllp://127.0.0.1:9"\nris_read_url = "http://127.0.0.1:9/fhir"')
    assert readable.side.form().can_be_proved
    assert around("").side.make() is None


def test_what_the_settings_say_of_the_site_stands_in_the_message(around) -> None:
    desk = around(
        'ris_url = "mllp://127.0.0.1:9"\nhl7_charset = "8859/1"\nhl7_sending_application = "LK"\nhl7_sending_facility = "HEM"\n'
        'hl7_receiving_application = "RIS"\nhl7_receiving_facility = "REGION"\n'
        'signer = "Dr A"\nsigner_id = "77"\nsigner_id_system = "urn:oid:1.2.3"\n'
    )
    desk.reports.send_as(desk.side.form())
    desk.reports.rely_on(desk.side)
    order = order_for(patient=PATIENT)
    desk.orders.put(order)
    report = desk.reports.open_draft(item_for(order))
    desk.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "Blåbär.")
    desk.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr A", evidence_for(order))
    message = hl7.read_message(desk.reports.ledger.submission(1).payload)
    assert [message.header.value(number) for number in (3, 4, 5, 6, 18)] == ["LK", "HEM", "RIS", "REGION", "8859/1"]
    assert [message.first("OBR").value(32, 1, part) for part in (1, 2, 10)] == ["77", "Dr A", "1.2.3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('ris_url = "mllp://"', "mllp://host:port"),
        ('ris_url = "mllp://host:99999"', "mllp://host:port"),
        ('ris_url = "mllps://host:1"\nris_ca_file = "nowhere.pem"', "ris_ca_file"),
        ('ris_url = "mllps://host:1"\nris_certificate_file = "nowhere.pem"', "ris_certificate_file"),
    ],
)
def test_settings_that_cannot_be_used_are_said_and_nothing_is_sent(around, text, words) -> None:
    desk = around(text)
    assert desk.side.make() is None
    (problem,) = desk.problems
    assert words in str(problem)


def test_a_character_set_that_is_not_known_is_refused_with_the_file(around) -> None:
    desk = around('ris_url = "mllp://127.0.0.1:9"\nhl7_charset = "EBCDIC"')
    assert "hl7_charset" in str(desk.settings_problem)


def test_an_encrypted_key_is_refused_and_never_asked_for_on_a_terminal(around, tmp_path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    client = authority.client()
    desk = around(f'ris_url = "mllps://host:1"\nris_certificate_file = "{client.certificate_file}"')
    assert desk.side.make() is None
    assert "key" in str(desk.problems[0])


def test_a_listener_that_should_be_secure_and_has_no_certificate_does_not_listen(around) -> None:
    desk = around('hl7_listen = "mllps://127.0.0.1:2575"')
    desk.side.listen()
    assert "certificate" in str(desk.problems[0])


def test_without_the_setting_nobody_listens(around) -> None:
    desk = around("")
    desk.side.listen()
    assert desk.side._listener is None


@pytest.mark.parametrize(
    ("url", "address"), [("mllp://ris:77", ("ris", 77)), ("mllps://[::1]:2", ("::1", 2)), ("mllp://ris", ("ris", 2575))]
)
def test_an_address_is_read(url, address) -> None:
    assert host_and_port(url) == address


@pytest.mark.parametrize("url", ["http://ris:77", "ris:77", "", "mllp://:1"])
def test_what_is_no_hl7_address_is_refused(url) -> None:
    with pytest.raises(Refused):
        host_and_port(url)
