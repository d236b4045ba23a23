"""E-mails handed in at a real mail server: encrypted and signed in where the address says so, each as it is read."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from envoi.core import smtp
from envoi.notifications import actions, mailing
from envoi.notifications.models import Notification
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


class Post:
    """A mail server (RFC 5321): STARTTLS and AUTH PLAIN where it has a certificate, or nothing but the letters.

    refuses: what it answers to a recipient instead of taking them.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.letters: list[tuple[str, list[str], EmailMessage]] = []
        self.signed_in: list[str] = []
        self.encrypted: list[bool] = []
        self.refuses = ""
        self.context = context
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Talk(self, outer).hold()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Talk:
    """One connection, from the greeting to the good-bye."""

    def __init__(self, line: socketserver.StreamRequestHandler, post: Post) -> None:
        self.line, self.post = line, post
        self.files: Any = line.rfile
        self.socket: Any = line.request
        self.is_encrypted = False
        self.sender, self.recipients = "", list[str]()

    def say(self, words: str) -> None:
        self.socket.sendall(words.encode() + b"\r\n")

    def hold(self) -> None:
        self.say("220 post.example ESMTP")
        while raw := self.files.readline():
            words = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not self.answer(words.partition(" ")[0].upper(), words):
                return

    def answer(self, verb: str, words: str) -> bool:
        match verb:
            case "EHLO":
                more = ["AUTH PLAIN"] if self.is_encrypted else ["STARTTLS"] if self.post.context else []
                lines = ["post.example", *more, "8BITMIME"]
                for place, one in enumerate(lines, 1):
                    self.say(f"250{' ' if place == len(lines) else '-'}{one}")
            case "STARTTLS" if self.post.context:
                self.say("220 go ahead")
                self.socket = self.post.context.wrap_socket(self.socket, server_side=True)
                self.files, self.is_encrypted = self.socket.makefile("rb"), True
            case "AUTH":
                self.post.signed_in.append(base64.b64decode(words.split()[-1]).decode().replace("\0", " ").strip())
                self.say("235 welcome")
            case "MAIL":
                self.sender, self.recipients = _address(words), []
                self.say("250 ok")
            case "RCPT" if self.post.refuses:
                self.say(self.post.refuses)
            case "RCPT":
                self.recipients.append(_address(words))
                self.say("250 ok")
            case "DATA":
                self.say("354 go on")
                self.take()
                self.say("250 taken")
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 ok")
        return True

    def take(self) -> None:
        lines = []
        while (line := self.files.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        letter = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.post.letters.append((self.sender, self.recipients, letter))
        self.post.encrypted.append(self.is_encrypted)


def _address(words: str) -> str:
    return words[words.index("<") + 1 : words.index(">")]


@pytest.fixture
def post() -> Iterator[Post]:
    one = Post()
    yield one
    one.close()


@pytest.fixture
def handed_in_at(settings: Any) -> Callable[[str], None]:
    """Let e-mail go where ENVOI_SMTP_URL would say."""

    def at(url: str) -> None:
        parsed = smtp.parse(url)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = parsed.host, parsed.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = parsed.user, parsed.password
        settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = parsed.ssl, parsed.starttls
        settings.EMAIL_TIMEOUT = 10

    return at


def test_a_letter_arrives_as_it_is_read(ana: Staff, post: Post, handed_in_at: Callable[[str], None]) -> None:
    handed_in_at(f"smtp://127.0.0.1:{post.port}?tls=off")
    facts = {"contact": "Zoé 李\r\nBcc: all@example.com", "by": "Tom"}
    actions.notify([ana.pk], Kind.MENTIONED, link="/inbox/1-1/", facts=facts)
    assert mailing.mail(ana.pk)
    [(sender, recipients, letter)] = post.letters
    assert (sender, recipients) == ("envoi@localhost", ["ana@example.com"])
    assert letter["Subject"].strip() == "Tom mentioned you in a note about Zoé 李 Bcc: all@example.com."
    assert (letter["To"], letter["Bcc"]) == ("ana@example.com", None)
    body = letter.get_body(("plain",))
    assert body is not None
    assert "http://localhost:8000/inbox/1-1/" in body.get_content()
    # What went is not sent again.
    assert not mailing.mail(ana.pk)
    assert Notification.objects.exclude(mailed_at=None).count() == 1


def test_in_the_language_of_its_reader(ana: Staff, post: Post, handed_in_at: Callable[[str], None]) -> None:
    handed_in_at(f"smtp://127.0.0.1:{post.port}?tls=off")
    ana.language = "zh-hans"
    ana.save()
    actions.notify([ana.pk], Kind.RED_ALERT, link="/inbox/1-1/", facts={"contact": "Zoé"})
    assert mailing.mail(ana.pk)
    [(_sender, _recipients, letter)] = post.letters
    assert "Zoé" in letter["Subject"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in letter["Subject"])


def test_a_password_goes_over_an_encrypted_line_only(
    ana: Staff, handed_in_at: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = own_certificate(tmp_path)
    # As an authority that this machine trusts.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    safe, bare = Post(context), Post()
    try:
        actions.notify([ana.pk], Kind.RED_ALERT, link="/inbox/1-1/", facts={"contact": "Zoé"})
        # A server that offers no encryption, or somebody between who hides it, hears nothing.
        handed_in_at(f"smtp://envoi:p%40ss@localhost:{bare.port}")
        assert not mailing.mail(ana.pk)
        assert (bare.letters, bare.signed_in) == ([], [])
        handed_in_at(f"smtp://envoi:p%40ss@localhost:{safe.port}")
        assert mailing.mail(ana.pk)
        assert (len(safe.letters), safe.signed_in, safe.encrypted) == (1, ["envoi p@ss"], [True])
    finally:
        safe.close()
        bare.close()


@pytest.mark.parametrize("refusal", ["550 no such person", "451 try again later"])
def test_what_the_server_refuses_is_kept_and_tried_again(
    ana: Staff, post: Post, handed_in_at: Callable[[str], None], queued: Any, refusal: str
) -> None:
    handed_in_at(f"smtp://127.0.0.1:{post.port}?tls=off")
    post.refuses = refusal
    actions.notify([ana.pk], Kind.RED_ALERT, link="/inbox/1-1/", facts={"contact": "Zoé"})
    assert not mailing.mail(ana.pk)
    assert Notification.objects.filter(mailed_at=None).count() == 1
    assert queued("notifications.mail")
    post.refuses = ""
    assert mailing.mail(ana.pk)
    assert len(post.letters) == 1


def own_certificate(folder: Path) -> Path:
    """A key and a certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
