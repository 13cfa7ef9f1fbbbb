import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo.serving import Credentials, Mechanism, ScramExchange, Verifier
from dotdo.serving.errors import AuthenticationFailed, ProtocolViolation
from dotdo.serving.scram import password_secret, saslprep

RFC = {  # mechanism: salt, nonces, proof, signature; from RFC 5802 section 5 and RFC 7677 section 3
    Mechanism.SHA_1: (
        "QSXCR+Q6sek8bf92",
        ("fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j"),
        "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    Mechanism.SHA_256: (
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        ("rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
}


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_the_exchanges_of_the_standards_are_reproduced(mechanism, monkeypatch):
    salt, (client_nonce, server_nonce), proof, signature = RFC[mechanism]
    verifier = Verifier.derive(mechanism, b"pencil", base64.b64decode(salt), 4096)
    # the standards' nonces are not base64, so the encoding of ours is passed by
    monkeypatch.setattr("dotdo.serving.scram._encode_nonce", bytes.decode)
    exchange = ScramExchange(lambda _user: verifier, lambda _n: server_nonce.encode())
    nonce = client_nonce + server_nonce
    first = exchange.first(f"n,,n=user,r={client_nonce}".encode())
    assert first == f"r={nonce},s={salt},i=4096".encode()
    assert exchange.final(f"c=biws,r={nonce},p={proof}".encode()) == f"v={signature}".encode()
    assert exchange.user == "user"


def client_final(server_first: bytes, bare: str, password: str, mechanism: Mechanism) -> bytes:
    """Answer as a client would, from the definition in RFC 5802 section 3."""
    import hashlib
    import hmac

    fields = dict(field.split("=", 1) for field in server_first.decode().split(","))
    salt = base64.b64decode(fields["s"])
    secret = password_secret(mechanism, "ada", password)
    salted = hashlib.pbkdf2_hmac(mechanism.digest, secret, salt, int(fields["i"]))
    client_key = hmac.digest(salted, b"Client Key", mechanism.digest)
    unproved = f"c=biws,r={fields['r']}"
    spoken = f"{bare},{server_first.decode()},{unproved}".encode()
    stored_key = hashlib.new(mechanism.digest, client_key).digest()
    signature = hmac.digest(stored_key, spoken, mechanism.digest)
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return f"{unproved},p={base64.b64encode(proof).decode()}".encode()


@pytest.mark.parametrize("password", ["s3cret", "wrong"])
@pytest.mark.parametrize("user", ["ada", "nobody", ""])
def test_over_the_wire(serve, credentials: Credentials, user, password):
    client = serve(credentials=credentials).connect()
    bare = f"n={user},r=abc"
    first = client.ask(f"SCRAM n,,{bare}").encode()
    answer = client.ask(b"PROOF " + client_final(first, bare, password, Mechanism.SHA_256))
    if (user, password) == ("ada", "s3cret"):
        assert answer.startswith("v=")
        assert client.ask("ECHO in") == "in"
    else:
        assert answer == "ERR authentication failed"
        assert client.ask("ECHO in") == "ERR not authenticated"


def test_a_user_told_before_is_the_one_checked(credentials: Credentials):
    exchange = ScramExchange(credentials.verifier, bytes, user="ada")
    first = exchange.first(b"n,,n=,r=abc")  # as libpq sends it
    final = client_final(first, "n=,r=abc", "s3cret", Mechanism.SHA_256)
    assert exchange.final(final).startswith(b"v=")
    assert exchange.user == "ada"


def test_sha_1_takes_the_digest_of_mongodb():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "s3cret", mechanisms=[Mechanism.SHA_1])
    exchange = ScramExchange(lambda user: credentials.verifier(user, Mechanism.SHA_1), bytes)
    first = exchange.first(b"n,,n=ada,r=abc")
    final = client_final(first, "n=ada,r=abc", "s3cret", Mechanism.SHA_1)
    assert exchange.final(final).startswith(b"v=")


def test_escapes_in_names_are_undone(credentials: Credentials):
    exchange = ScramExchange(credentials.verifier, bytes)
    exchange.first(b"n,a=x=2Cy=3Dz,n=x=2Cy=3Dz,r=abc")
    assert exchange.user == "x,y=z"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n,,n=ada",
        b"n,,r=abc,n=ada",
        b"n,,n=ada,r=",
        b"n,,n=ada,r=a\x7fb",
        b"n,,n=a=da,r=abc",
        b"n,,n=\xff,r=abc",
        b"n,,m=x,n=ada,r=abc",
        b"p=tls-unique,,n=ada,r=abc",
        b"n,a=bob,n=ada,r=abc",
    ],
)
def test_a_bad_first_message_is_a_violation(credentials: Credentials, message):
    with pytest.raises(ProtocolViolation):
        ScramExchange(credentials.verifier, bytes).first(message)


def test_the_final_message_must_fit_the_first(credentials: Credentials):
    def finish(change) -> bytes:
        exchange = ScramExchange(credentials.verifier, bytes)
        first = exchange.first(b"n,,n=ada,r=abc")
        return exchange.final(
            change(client_final(first, "n=ada,r=abc", "s3cret", Mechanism.SHA_256))
        )

    assert finish(lambda final: final).startswith(b"v=")
    changes = [
        lambda final: final.replace(b"c=biws", b"c=eSws"),
        lambda final: final.replace(b"r=abc", b"r=abd"),
        lambda final: final.replace(b",r=abcAAAA", b",r=abc"),
        lambda final: final.partition(b",p=")[0],
        lambda final: final[:-8],
        lambda final: final.replace(b",p=", b",p=="),
    ]
    for change in changes:
        with pytest.raises(ProtocolViolation):
            finish(change)


def test_the_final_message_is_taken_once_and_after_the_first(credentials: Credentials):
    exchange = ScramExchange(credentials.verifier, bytes)
    with pytest.raises(ProtocolViolation):
        exchange.final(b"c=biws,r=abc,p=AAAA")
    first = exchange.first(b"n,,n=ada,r=abc")
    final = client_final(first, "n=ada,r=abc", "wrong", Mechanism.SHA_256)
    with pytest.raises(AuthenticationFailed):
        exchange.final(final)
    with pytest.raises(ProtocolViolation):
        exchange.final(final)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_random_messages_are_violations(first, final):
    exchange = ScramExchange(Credentials(iterations=4096).verifier, bytes)
    with pytest.raises(ProtocolViolation):
        exchange.first(first)
    exchange.first(b"n,,n=ada,r=abc")
    with pytest.raises(ProtocolViolation):
        exchange.final(final)


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("I\u00adX", "IX"),  # the examples of RFC 4013 section 3
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007", "\u0007"),  # cannot be prepared: taken as it is
        ("\u0627\u0031", "\u0627\u0031"),
    ],
)
def test_passwords_are_prepared(password, prepared):
    assert saslprep(password) == prepared


def test_too_few_iterations_are_refused():
    with pytest.raises(ValueError, match="4096"):
        Verifier.derive(Mechanism.SHA_256, b"x", b"salt", 4095)
    with pytest.raises(ValueError, match="4096"):
        Credentials(iterations=4095)
