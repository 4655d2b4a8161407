"""A center behind a certificate of a private authority, on a real socket: trusted with its file, told of without."""

import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cli.main import main
from client_sdk import CertificateUntrustedError, OfflineError, Tablet
from tests.client.center import GRID, Center

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make certificates")


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority and a certificate that it gave to 127.0.0.1."""

    ca_file: Path
    certificate: Path
    key: Path


def authority(folder: Path) -> Authority:
    folder.mkdir()

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl(*new, "-subj", "/CN=127.0.0.1", "-keyout", "center.key", "-out", "center.csr")
    openssl("x509", "-req", "-in", "center.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "center.pem")  # fmt: skip
    return Authority(folder / "ca.pem", folder / "center.pem", folder / "center.key")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture
def url(center: Center, given: Authority) -> Iterator[str]:
    """The address of the center under TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self) -> None:
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            request = httpx.Request(
                self.command, f"https://center.example{self.path}", headers=dict(self.headers.items()), content=body
            )
            answer = center.handle(request)
            content = answer.read()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us hangs up."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.certificate, given.key)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_tablet_trusts_the_authority_and_remembers_it(
    center: Center, url: str, given: Authority, tmp_path: Path
) -> None:
    store = tmp_path / "w.tablet"
    with Tablet.enroll(url, "WANG", store, ca_file=str(given.ca_file)) as tablet:
        tablet.households.create(unit=GRID, address="东村1号")
        assert tablet.sync().sent == 1
    with Tablet.open(store) as tablet:
        tablet.sync()


def test_without_it_the_certificate_is_untrusted_and_not_offline(
    center: Center, url: str, given: Authority, tmp_path: Path
) -> None:
    store = tmp_path / "w.tablet"
    with pytest.raises(CertificateUntrustedError) as found:
        Tablet.enroll(url, "WANG", store)
    assert found.value.code == "certificate-untrusted"
    assert "证书不受信任" in found.value.zh
    assert not list(tmp_path.iterdir())
    other = authority(tmp_path / "other")
    with Tablet.enroll(url, "WANG", store, ca_file=str(given.ca_file)) as tablet:
        tablet.households.create(unit=GRID, address="东村1号")
    with Tablet.open(store, ca_file=str(other.ca_file)) as tablet:
        with pytest.raises(CertificateUntrustedError):
            tablet.sync()
        assert tablet.waiting == 1
    with Tablet.open(store, ca_file=str(given.ca_file)) as tablet:
        assert tablet.sync().sent == 1


def test_the_command_takes_it_from_the_environment(center: Center, url: str, given: Authority, tmp_path: Path) -> None:
    environment = {"DOORSTEP_TABLET_STORE": str(tmp_path / "w.tablet")}

    def says(*arguments: str, **more: str) -> dict[str, object]:
        told: dict[str, object] = json.loads(
            CliRunner(env={**environment, **more}).invoke(main, ["tablet", *arguments, "--json"]).stdout
        )
        return told

    refused = says("enroll", url, "WANG")["error"]
    assert isinstance(refused, dict)
    assert refused["code"] == "certificate-untrusted"
    assert says("enroll", url, "WANG", DOORSTEP_CA_FILE=str(given.ca_file))["scope"]
    assert says("sync")["sent"] == 0, "it is remembered"
    assert says("sync", "--ca-file", str(given.ca_file))["sent"] == 0
    gone = says("sync", "--ca-file", str(tmp_path / "none.pem"))["error"]
    assert isinstance(gone, dict)
    assert gone["code"] == "ca-file-unusable"
    for arguments in (["sync", "--ca-file", ""], ["sync"]):
        alone = says(*arguments)["error"]
        assert isinstance(alone, dict)
        assert alone["code"] == "certificate-untrusted", "no private authority is remembered"
    assert says("sync", "--ca-file", str(given.ca_file))["sent"] == 0


def test_nobody_there_is_offline_under_tls_too(given: Authority, tmp_path: Path) -> None:
    with pytest.raises(OfflineError):
        Tablet.enroll("https://127.0.0.1:1", "WANG", tmp_path / "w.tablet", ca_file=str(given.ca_file))
