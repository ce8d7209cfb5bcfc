"""Our sign-in at a RIS that wants one, and TLS in front of it: renewed silently, never round it, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from certificates import CertificateAuthority, server_context
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fake_fhir import fhir
from seat import order_for, signed
from tls_front import tls_front

from workstation.core_deliveries import CoreDeliveries
from workstation.domain.delivery import DeliveryState
from workstation.errors import Refused
from workstation.reporting.store import ReportStore
from workstation.ris.choosing import ris_for
from workstation.ris.embedded import EmbeddedRis
from workstation.ris.fhir import FhirRis
from workstation.ris.no_answer import NoAnswer
from workstation.ris.outbox import Outbox
from workstation.ris.token import Client, Tokens
from workstation.ris.wire import Wire, WireLimits
from workstation.settings import Settings
from workstation.signals import Signal

SECRET = "invented-secret"
LIFETIME = 2
"""Seconds that a token of the server's lasts."""


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "ours.pem"
    key = ec.generate_private_key(ec.SECP384R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Iterator[EmbeddedRis]:
    """A real RIS with two orders that lets nobody in without a token."""
    folder = tmp_path_factory.mktemp("ris")
    with EmbeddedRis(folder) as open_ris:
        for number in range(2):
            order = order_for(accession=f"ACC-{number}", study_uid=f"1.2.826.0.{number}", number=str(number))
            open_ris.place_order(order.patient, order.procedure, order.study_instance_uid, order.accession_number)
    client = {"client_id": "reader", "client_secret": SECRET, "public_key_path": str(key_file.with_suffix(".pub"))}
    sign_in = {"types": ["smart"], "smart_clients": [{**client, "scopes": "system/*.*"}], "token_lifetime": LIFETIME}
    with EmbeddedRis(folder, {"server_auth": sign_in}) as ris:
        yield ris


def _ris(guarded: EmbeddedRis, secret: str = SECRET, **settings: str) -> FhirRis:
    chosen = Settings(ris_client_id="reader", ris_token_url=f"{guarded.base_url.removesuffix('/fhir')}/auth/token", **settings)
    ris = ris_for(guarded.base_url, chosen, lambda _: "", lambda _: "", lambda: secret)
    assert isinstance(ris, FhirRis)
    return ris


@pytest.mark.parametrize("how", ["secret", "key"])
def test_a_report_gets_home_through_tokens_that_end_on_the_way(guarded, key_file, tmp_path, how):
    """F42."""
    ris = _ris(guarded, "" if how == "key" else SECRET, ris_client_key_file=str(key_file) if how == "key" else "")
    number = 0 if how == "secret" else 1
    order = next(order for order in ris.orders() if order.accession_number == f"ACC-{number}")
    store = ReportStore(tmp_path / "reports.db")
    delivery = signed(store, order)
    time.sleep(LIFETIME + 1)  # the server's clock, which no test turns
    outbox = Outbox(store, ris)
    while store.ledger.delivery(delivery.delivery_id).state is not DeliveryState.CONFIRMED:
        assert outbox.step() is not None
    store.close()
    ris.close()


def test_a_wrong_secret_is_no_answer_and_the_report_stays(guarded, tmp_path):
    """F42: the words name the sign-in, and not the secret."""
    ris = _ris(guarded, "wrong")
    with pytest.raises(NoAnswer, match="sign-in") as told:
        ris.orders()
    assert "wrong" not in str(told.value)
    store = ReportStore(tmp_path / "reports.db")
    signed(store, order_for())
    assert Outbox(store, ris).step().state is DeliveryState.QUEUED
    store.close()
    ris.close()


class OneToken:
    """A token address that gives `one`, `two`, ... for as long as they are asked for."""

    def __init__(self) -> None:
        self.given = 0

    def handle_request(self, request):
        self.given += 1
        return fhir(200, {"access_token": f"token-{self.given}", "expires_in": 100})

    def close(self) -> None:
        """Nothing."""


def test_a_token_is_used_until_shortly_before_its_end_and_a_refused_one_is_renewed_once():
    """F42."""
    now, source = [0.0], OneToken()
    tokens = Tokens(Client("http://ris.test/token", "reader", SECRET), Wire("http://ris.test", transport=source), lambda: now[0])
    first = tokens.headers()
    now[0] = 60.0
    assert tokens.headers() == first == {"Authorization": "Bearer token-1"}
    now[0] = 80.0
    assert tokens.headers() == {"Authorization": "Bearer token-2"}
    assert tokens.turned_away(first)  # somebody else has renewed it already
    assert source.given == 2
    assert tokens.turned_away(tokens.headers())
    assert tokens.headers() == {"Authorization": "Bearer token-3"}


def test_a_sign_in_is_never_sent_unencrypted_beside_an_encrypted_ris():
    settings = Settings(ris_client_id="reader", ris_token_url="http://ris.test/token")
    with pytest.raises(Refused, match="unencrypted"):
        ris_for("https://ris.test/fhir", settings, lambda _: "", lambda _: "", lambda: SECRET)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [("expired", "clock"), ("not yet valid", "clock"), ("elsewhere", "another host"), ("unknown", "not trusted")],
)
def test_a_bad_certificate_stops_the_report_says_why_and_leaves_no_way_round(tmp_path, certificate, said):
    """F41, F43: the report is kept, nothing reaches the server."""
    ours, others = CertificateAuthority(tmp_path / "ours"), CertificateAuthority(tmp_path / "others")
    issued = {
        "expired": ours.expired,
        "not yet valid": ours.not_yet_valid,
        "elsewhere": ours.wrong_host,
        "unknown": lambda: others.server("127.0.0.1"),
    }[certificate]()
    with tls_front(1, server_context(issued)) as port:
        settings = Settings(ris_ca_file=str(ours.ca_file))
        ris = ris_for(f"https://127.0.0.1:{port}/fhir", settings, lambda _: "", lambda _: "", lambda: "")
        store = ReportStore(tmp_path / "reports.db")
        signed(store, order_for())
        row = Outbox(store, ris).step()
        assert row.state is DeliveryState.QUEUED
        assert said in row.last_error
        store.close()
        ris.close()


def test_a_clock_that_is_off_is_known():
    """F43: whole seconds are all that HTTP tells."""

    class Slow(OneToken):
        def handle_request(self, request):
            return fhir(200, {"resourceType": "CapabilityStatement"}, {"Date": "Mon, 23 Nov 2026 04:00:00 GMT"})

    ris = FhirRis("http://ris.test/fhir", WireLimits(), transport=Slow())
    assert ris.clock_skew == 0.0
    assert ris.is_available() == ""
    ahead = time.time() - 1795406400
    assert ris.clock_skew == pytest.approx(ahead, abs=60)


def test_a_clock_that_is_off_is_told_once_for_as_long_as_it_lasts():
    """F43."""
    told: list[str] = []
    ris = SimpleNamespace(clock_skew=0.0)
    jobs = SimpleNamespace(run=lambda lane, work, done, failed, slot: done(work(None)))
    side = SimpleNamespace(fetch_orders=lambda _: None, orders_changed=lambda: None)
    around = SimpleNamespace(
        ris=ris, jobs=jobs, ris_side=side, ris_changed=Signal(), tell=lambda problem: told.append(str(problem))
    )
    around.archiving = SimpleNamespace(is_open=False)
    deliveries = CoreDeliveries(around)
    for skew in (0.0, 59.0, -7200.0, -7200.0, 1.0, 300.0):
        ris.clock_skew = skew
        deliveries.poll_orders()
    assert [("120 min behind" in told[0]), ("5 min ahead of" in told[1]), len(told)] == [True, True, 2]
