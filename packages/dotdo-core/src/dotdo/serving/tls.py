"""TLS of the host: contexts from files, self-signed certificates, and one connection's TLS without I/O."""

import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dotdo.clock import Clock, system_clock
from dotdo.serving.context import TlsFacts
from dotdo.serving.errors import CertificateError
from dotdo.serving.files import write_private

if TYPE_CHECKING:
    from cryptography import x509

_READ_BYTES = 256 << 10
_LIFETIME = dt.timedelta(days=825)  # the longest that common clients accept


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context of TLS 1.2 or newer with the certificate chain and key of these PEM files.

    Raises:
        CertificateError: They cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        message = f"cannot use certificate {certificate} with key {key}"
        raise CertificateError(message) from error
    return context


def self_signed(
    folder: Path,
    names: Sequence[str] = ("localhost", "127.0.0.1", "::1"),
    clock: Clock = system_clock,
) -> tuple[Path, Path]:
    """Make a certificate and its key in a folder, unless both are there; return their paths.

    Args:
        folder: Gets server.crt and server.key (0600).
        names: Host names and addresses the certificate is for.
        clock: Microseconds since 1970.

    Raises:
        CertificateError: The files cannot be written, or `cryptography` is not installed.
    """
    certificate, key = folder / "server.crt", folder / "server.key"
    if certificate.exists() and key.exists():
        return certificate, key
    try:
        certificate_pem, key_pem = _make_pems(names, clock)
        write_private(key, key_pem)
        write_private(certificate, certificate_pem)
    except ImportError as error:
        raise CertificateError("install dotdo-core[tls] to make a certificate") from error
    except OSError as error:
        message = f"cannot write a certificate into {folder}"
        raise CertificateError(message) from error
    return certificate, key


def _make_pems(names: Sequence[str], clock: Clock) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.fromtimestamp(clock() // 1_000_000, dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))  # clients' clocks may be behind
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(list(map(_general_name, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), key_pem


def _general_name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class TlsLayer:
    """TLS between a connection's socket and its session: bytes in, bytes out.

    Attributes:
        is_ready: The handshake is done.
        is_ended: The peer has sent its last byte.
    """

    __slots__ = ("_incoming", "_object", "_outgoing", "is_ended", "is_ready")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.is_ready = False
        self.is_ended = False

    def decrypt(self, data: bytes) -> bytes:
        """Take bytes off the wire; return what they carry for the session, if anything.

        Raises:
            ssl.SSLError: The peer does not speak TLS, or breaks it; `outgoing` holds the alert.
        """
        self._incoming.write(data)
        chunks: list[bytes] = []
        try:
            if not self.is_ready:
                self._object.do_handshake()
                self.is_ready = True
            while self._incoming.pending or self._object.pending():
                chunk = self._object.read(_READ_BYTES)
                if not chunk:
                    self.is_ended = True
                    break
                chunks.append(chunk)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_ended = True
        return b"".join(chunks)

    def encrypt(self, data: bytes) -> bytes:
        """Return the bytes to send for a session's output."""
        unsent = memoryview(data)
        while unsent:
            unsent = unsent[self._object.write(unsent) :]
        return self._outgoing.read()

    def outgoing(self) -> bytes:
        """Return what TLS itself has to send: handshake, alerts, key updates."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """Return the notice that nothing follows."""
        with contextlib.suppress(ssl.SSLError):  # it waits for the peer's notice, in vain
            self._object.unwrap()
        return self._outgoing.read()

    def facts(self) -> TlsFacts:
        """Return what was agreed."""
        cipher = self._object.cipher()
        return TlsFacts(
            version=self._object.version() or "",
            cipher=cipher[0] if cipher else "",
            alpn=self._object.selected_alpn_protocol(),
        )
