"""SASL on a connection: SCRAM-SHA-1 and SCRAM-SHA-256 against the host's credentials; it keeps no passwords."""

from collections.abc import Callable

from dotdo.serving import Mechanism, ScramExchange, SessionContext
from dotdo.serving.errors import AuthenticationFailed, ProtocolViolation
from dotdo_mongo.engine.client import ClientState

Document = dict[str, object]
_MECHANISMS = {mechanism.value: mechanism for mechanism in Mechanism}


class Authentication:
    """The proof of one peer.

    Args:
        context: The host's credentials and randomness.
        client: Whose user is set once it is proved.
    """

    def __init__(self, context: SessionContext, client: ClientState) -> None:
        self._context, self._client = context, client
        self._exchange: ScramExchange | None = None
        self._number = 0
        self._is_proved = False
        self._skips_empty = False

    def run(self, name: object, body: Document) -> Document | None:
        """Answer saslStart, saslContinue and logout; None for other commands."""
        if name == "saslStart":
            return self._guarded(lambda: self._start(body))
        if name == "saslContinue":
            return self._guarded(lambda: self._go_on(body))
        if name == "logout":
            self._client.user = None
            return {"ok": 1.0}
        return None

    def add_to_hello(self, name: object, body: Document, reply: Document) -> None:
        """Answer what a hello asks about mechanisms, and a proof begun in it."""
        if name not in {"hello", "isMaster", "ismaster"}:
            return
        if "saslSupportedMechs" in body and self._context.credentials is not None:
            reply["saslSupportedMechs"] = list(_MECHANISMS)
        begun = body.get("speculativeAuthenticate")
        if isinstance(begun, dict) and "saslStart" in begun:
            answer = self._guarded(lambda: self._start(begun))
            if answer.get("ok") == 1.0:
                reply["speculativeAuthenticate"] = answer

    def _guarded(self, run: Callable[[], Document]) -> Document:
        try:
            return run()
        except (AuthenticationFailed, ProtocolViolation, KeyError, TypeError):
            self._exchange = None
            return {
                "ok": 0.0,
                "errmsg": "Authentication failed.",
                "code": 18,
                "codeName": "AuthenticationFailed",
            }

    def _start(self, body: Document) -> Document:
        credentials = self._context.credentials
        mechanism = _MECHANISMS.get(str(body.get("mechanism")))
        if mechanism is None or credentials is None:
            raise AuthenticationFailed("no such mechanism")
        options = body.get("options")
        self._skips_empty = bool(isinstance(options, dict) and options.get("skipEmptyExchange"))
        self._exchange = ScramExchange(
            lambda user: credentials.verifier(user, mechanism), self._context.randomness
        )
        self._number += 1
        self._is_proved = False
        payload = self._exchange.first(_payload(body))
        return self._reply(payload, is_done=False)

    def _go_on(self, body: Document) -> Document:
        if self._exchange is None or body.get("conversationId") != self._number:
            raise AuthenticationFailed("no conversation")
        if self._is_proved:
            self._exchange = None
            return self._reply(b"", is_done=True)
        payload = self._exchange.final(_payload(body))
        self._is_proved = True
        self._client.user = self._exchange.user
        return self._reply(payload, is_done=self._skips_empty)

    def _reply(self, payload: bytes, *, is_done: bool) -> Document:
        return {"conversationId": self._number, "done": is_done, "payload": payload, "ok": 1.0}


def _payload(body: Document) -> bytes:
    """Return what the peer's mechanism says; never as many bytes as a number asks for.

    Raises:
        TypeError: It is no binary.
    """
    found = body["payload"]
    if not isinstance(found, bytes):
        raise TypeError(type(found))
    return bytes(found)
