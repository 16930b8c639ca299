"""Mail goes out by SMTP, into a directory or nowhere, and never holds up or fails the request it belongs to."""

import asyncio
import datetime
import ipaddress
import logging
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import requests
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from auth_service import afterwards
from auth_service.afterwards import Afterwards
from auth_service.mail import Mail
from auth_service.settings import AuthSettings
from chassis import logs, mail
from chassis.mail import Letter
from tests import make
from tests.postbox import Postbox, Serve, mail_servers
from tests.servers import Program, free_port

LETTER = Letter("Choose a new password", "Open https://clinic.example/reset-password?token=" + "t" * 43 + "\n")
SETTINGS = {"AUTH_DATABASE_URL": "postgresql://auth:pw@127.0.0.1/clinic", "AUTH_SECRET_KEY": "k" * 32}
SENDER = "Larkfield Clinic <noreply@larkfield.example>"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Serve]:
    """Starts a real mail server; gives its port."""
    with mail_servers(postbox) as start:
        yield start


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    place = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return place / "cert.pem", place / "key.pem"


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.fixture
def heard() -> Iterator[list[logging.LogRecord]]:
    """What the program says in its log."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logs.logger.addHandler(handler)
    yield records
    logs.logger.removeHandler(handler)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once."""
    monkeypatch.setattr(afterwards, "PAUSES", (0.0, 0.0))


def sent(url: str = "", directory: str = "", to: str = "maya@example.com", letter: Letter = LETTER) -> None:
    """Send a letter as the service does, and wait until that is over."""
    waiting = Afterwards(threading.Lock)
    Mail(SENDER, mail.carrier(url, directory), "https://clinic.example", waiting).send(to, letter)
    assert waiting.finish(20)


def test_a_letter_is_handed_to_the_mail_server(serve: Serve, postbox: Postbox) -> None:
    sent(f"smtp://127.0.0.1:{serve()}")

    ((envelope, message),) = postbox.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@larkfield.example", ["maya@example.com"])
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "maya@example.com", LETTER.subject)
    assert {"Date", "Message-ID", "Auto-Submitted"} <= set(message.keys())
    assert message.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.usefixtures("trusted")
def test_it_is_encrypted_where_the_server_offers_that(serve: Serve, postbox: Postbox, tls: ssl.SSLContext) -> None:
    sent(f"smtp://127.0.0.1:{serve(tls_context=tls)}")
    sent(f"smtps://127.0.0.1:{serve(ssl_context=tls)}")

    assert postbox.encrypted == [True, True]


@pytest.mark.usefixtures("impatient")
def test_a_server_that_nobody_vouches_for_gets_nothing(serve: Serve, postbox: Postbox, tls: ssl.SSLContext) -> None:
    sent(f"smtp://127.0.0.1:{serve(tls_context=tls)}")
    sent(f"smtps://127.0.0.1:{serve(ssl_context=tls)}")

    assert postbox.taken == []


@pytest.mark.usefixtures("trusted", "impatient")
def test_a_password_is_told_over_an_encrypted_line_only(serve: Serve, postbox: Postbox, tls: ssl.SSLContext) -> None:
    told = []

    def authenticate(server: Any, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        told.append((session.ssl is not None, cast(LoginPassword, given).login, cast(LoginPassword, given).password))
        return AuthResult(success=True)

    plain = serve(authenticator=authenticate, auth_require_tls=False)
    encrypted = serve(authenticator=authenticate, auth_required=True, tls_context=tls)

    sent(f"smtp://clinic:p%40ss@127.0.0.1:{plain}")
    assert told == []
    sent(f"smtp://clinic:p%40ss@127.0.0.1:{encrypted}")

    assert told == [(True, b"clinic", b"p@ss")]
    assert len(postbox.taken) == 1


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_busy_is_asked_again(serve: Serve, postbox: Postbox, heard: list[logging.LogRecord]) -> None:
    postbox.answers = ["451 later", "451 later"]

    sent(f"smtp://127.0.0.1:{serve()}")

    assert len(postbox.taken) == 1
    assert [(record.levelname, record.final) for record in heard] == [("WARNING", False)] * 2  # type: ignore[attr-defined]


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_out_costs_the_letter_and_says_so(heard: list[logging.LogRecord]) -> None:
    sent(f"smtp://127.0.0.1:{free_port()}", to="secret.person@example.com")

    assert [record.levelname for record in heard] == ["WARNING", "WARNING", "ERROR"]
    assert "ConnectionRefusedError" in str(vars(heard[-1]))
    assert not any(word in str(vars(record)) for record in heard for word in ("secret.person", "token", "Choose"))


def test_a_letter_that_is_refused_for_good_is_not_sent_again(
    serve: Serve, postbox: Postbox, heard: list[logging.LogRecord]
) -> None:
    postbox.answers = ["550 no such mailbox here: secret.person"]

    sent(f"smtp://127.0.0.1:{serve()}", to="secret.person@example.com")

    assert (postbox.taken, postbox.answers) == ([], [])
    assert [(record.levelname, record.final) for record in heard] == [("ERROR", True)]  # type: ignore[attr-defined]
    assert "secret.person" not in str(vars(heard[0]))


def test_a_server_that_says_nothing_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    monkeypatch.setattr(afterwards, "PAUSES", ())
    silent = threading.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.set()
        await reader.read()
        writer.close()

    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)  # in this thread a browser's loop may be running
    running.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(silence, "127.0.0.1", 0), loop).result(10)
    try:
        sent(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")  # ends by the limit, not by the server
        assert silent.wait(5)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        running.join()
        loop.close()


@pytest.mark.parametrize(
    "letter",
    [
        Letter("Hello\nBcc: everybody@example.com", "x"),
        Letter("Hello\r\nBcc: everybody@example.com", "x"),
        Letter("Hello\rBcc: everybody@example.com", "x"),
    ],
)
def test_a_subject_cannot_become_another_header(letter: Letter, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        sent(directory=str(tmp_path), letter=letter)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "to",
    [
        "maya@example.com\nBcc: everybody@example.com",
        "maya@example.com\r\nBcc: everybody@example.com",
        "maya@example.com, everybody@example.com",
        "maya@example.com> everybody@example.com",
        "<maya@example.com>",
        "maya",
        "",
    ],
)
def test_an_address_cannot_become_another_header_or_a_second_address(to: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an address"):
        sent(directory=str(tmp_path), to=to)

    assert list(tmp_path.iterdir()) == []


def test_addresses_of_all_alphabets_are_written_to(serve: Serve, postbox: Postbox) -> None:
    for to in ("jürgen@example.com", "maya@bücher.example", "иван@пример.рф"):
        sent(f"smtp://127.0.0.1:{serve()}", to=to)

    recipients = [envelope.rcpt_tos for envelope, _ in postbox.taken]
    assert recipients == [["jürgen@example.com"], ["maya@xn--bcher-kva.example"], ["иван@пример.рф"]]
    assert postbox.taken[0][1]["To"] == "jürgen@example.com"


def test_without_a_server_letters_are_files_that_their_owner_reads(tmp_path: Path) -> None:
    for _ in range(3):
        sent(directory=str(tmp_path / "mail"))

    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".eml" and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert f"\n\n{LETTER.text}" in files[0].read_text()  # as typed: the link can be copied in one piece


@pytest.mark.usefixtures("impatient")
def test_a_directory_that_cannot_be_written_to_fails_nobody(tmp_path: Path, heard: list[logging.LogRecord]) -> None:
    (tmp_path / "mail").write_text("a file, not a directory")

    sent(directory=str(tmp_path / "mail" / "deeper"))

    assert heard[-1].levelname == "ERROR"


def test_without_both_the_log_says_so_and_no_more(heard: list[logging.LogRecord]) -> None:
    sent()

    assert [record.levelname for record in heard] == ["WARNING"]
    assert "MAIL_URL" in heard[0].getMessage()
    assert not any(word in str(vars(heard[0])) for word in ("maya", "token", "Choose"))


def test_what_waits_is_sent_before_the_process_ends(tmp_path: Path, root: Path) -> None:
    script = (
        "import threading; from auth_service.afterwards import Afterwards; from auth_service.mail import Mail\n"
        "from chassis import mail\n"
        "waiting = Afterwards(threading.Lock)\n"
        f"post = Mail({SENDER!r}, mail.carrier('', {str(tmp_path)!r}), '', waiting)\n"
        "for n in range(50): post.send(f'p{n}@example.com', mail.Letter('s', 't'))\n"
    )

    subprocess.run([sys.executable, "-c", script], cwd=root, check=True, timeout=60)

    assert len(list(tmp_path.glob("*.eml"))) == 50


def test_a_service_that_is_stopped_sends_what_waits(
    serve: Serve, postbox: Postbox, auth: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    postbox.pause = 0.2
    there = {"MAIL_URL": f"smtp://127.0.0.1:{serve()}", "MAIL_FROM": SENDER, "WEB_CONCURRENCY": "2"}
    program = Program("auth_service", {**environment, **there}, tmp_path / "auth.log")
    emails = [make.person(auth).email for _ in range(4)]

    program.start()
    program.wait()
    try:
        for email in emails:
            answer = requests.post(f"{program.url}/auth/password-resets", json={"email": email}, timeout=10)
            assert answer.status_code == 202
    finally:
        program.stop()

    assert sorted(envelope.rcpt_tos[0] for envelope, _ in postbox.taken) == sorted(emails)


def test_too_much_that_waits_is_dropped_and_said(
    monkeypatch: pytest.MonkeyPatch, heard: list[logging.LogRecord]
) -> None:
    monkeypatch.setattr(afterwards, "MOST", 3)
    go_on, begun, done = threading.Event(), threading.Event(), []
    waiting = Afterwards(threading.Lock)

    def block() -> None:
        begun.set()
        go_on.wait(20)

    waiting.put("first", block)
    assert begun.wait(10)

    for n in range(5):
        waiting.put("more", lambda n=n: done.append(n))  # type: ignore[misc]
    go_on.set()

    assert waiting.finish(10)
    assert done == [0, 1, 2]
    assert [record.levelname for record in heard] == ["WARNING", "WARNING"]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"MAIL_URL": "mail.example.com:25"}, "mail_url"),
        ({"MAIL_URL": "http://mail.example.com"}, "mail_url"),
        ({"MAIL_URL": "smtp://"}, "mail_url"),
        ({"MAIL_URL": "smtp://mail.example.com:port"}, "mail_url"),
        ({"MAIL_URL": "smtp://mail.example.com"}, "mail_from"),
        ({"MAIL_FROM": "nobody"}, "mail_from"),
        ({"MAIL_FROM": "Clinic <a@b.example>\nBcc: c@d.example"}, "mail_from"),
        ({"CLINIC_COUNTRY": "England"}, "clinic_country"),
        ({"CLINIC_COUNTRY": "UK"}, "clinic_country"),
        ({"PORTAL_URL": "clinic.example"}, "portal_url"),
    ],
)
def test_settings_that_could_not_work_are_named_at_start(given: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=f"(?i){wrong}"):
        AuthSettings(**{**SETTINGS, **given})


def test_no_setting_shows_the_password_of_the_mail_server() -> None:
    given = {"MAIL_URL": "smtp://clinic:hidden-word@mail.example.com", "MAIL_FROM": SENDER}

    assert "hidden-word" not in repr(AuthSettings(**{**SETTINGS, **given}))
