"""Verbs: the forms in which an action is named, and what each says about its state."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import orjson

from dotdo.errors import InvalidName, UnknownVerb
from dotdo.graph.context import Graph
from dotdo.storage import Session
from dotdo.storage.kernel_nouns import VERBS

_VOWELS = "aeiou"
_IRREGULAR = {  # base form: event form
    "be": "been", "beat": "beaten", "become": "become", "begin": "begun", "bind": "bound", "bite": "bitten", "break": "broken",
    "bring": "brought", "build": "built", "buy": "bought", "catch": "caught", "choose": "chosen", "come": "come", "cut": "cut",
    "deal": "dealt", "do": "done", "draw": "drawn", "drink": "drunk", "drive": "driven", "eat": "eaten", "fall": "fallen",
    "feed": "fed", "feel": "felt", "fight": "fought", "find": "found", "fly": "flown", "forget": "forgotten", "forgive": "forgiven",
    "freeze": "frozen", "get": "got", "give": "given", "go": "gone", "grow": "grown", "hang": "hung", "have": "had", "hear": "heard",
    "hide": "hidden", "hit": "hit", "hold": "held", "keep": "kept", "know": "known", "lay": "laid", "lead": "led", "leave": "left",
    "lend": "lent", "let": "let", "lose": "lost", "make": "made", "mean": "meant", "meet": "met", "pay": "paid", "put": "put",
    "read": "read", "ride": "ridden", "ring": "rung", "rise": "risen", "run": "run", "say": "said", "see": "seen", "seek": "sought",
    "sell": "sold", "send": "sent", "set": "set", "shake": "shaken", "shoot": "shot", "show": "shown", "shut": "shut", "sing": "sung",
    "sit": "sat", "sleep": "slept", "speak": "spoken", "spend": "spent", "split": "split", "stand": "stood", "steal": "stolen",
    "swear": "sworn", "swim": "swum", "take": "taken", "teach": "taught", "tell": "told", "think": "thought", "throw": "thrown",
    "understand": "understood", "wake": "woken", "wear": "worn", "win": "won", "write": "written",
}  # fmt: skip
_DOUBLED = frozenset(
    {
        "admit",
        "commit",
        "drop",
        "permit",
        "plan",
        "prefer",
        "refer",
        "ship",
        "skip",
        "stop",
        "submit",
        "swap",
        "transfer",
        "wrap",
    }
)
_SHORT = re.compile("[^aeiou][aeiou][^aeiouwxy]")
_ENDING_IN_E = tuple(
    [
        "acquire",
        "activate",
        "agree",
        "aggregate",
        "allocate",
        "approve",
        "archive",
        "arrange",
        "arrive",
        "assemble",
        "assume",
        "authorize",
        "bake",
        "balance",
        "base",
        "believe",
        "calculate",
        "capture",
        "care",
        "cause",
        "celebrate",
        "change",
        "charge",
        "chase",
        "close",
        "coordinate",
        "combine",
        "compare",
        "compete",
        "compile",
        "complete",
        "compose",
        "compute",
        "conclude",
        "configure",
        "create",
        "curate",
        "date",
        "debate",
        "decide",
        "declare",
        "decline",
        "define",
        "delegate",
        "delete",
        "depute",
        "die",
        "lie",
        "describe",
        "dine",
        "disable",
        "disagree",
        "dispute",
        "distribute",
        "divide",
        "donate",
        "download",
        "drive",
        "duplicate",
        "educate",
        "emulate",
        "enable",
        "encode",
        "endorse",
        "ensure",
        "enquire",
        "escape",
        "estimate",
        "evaluate",
        "examine",
        "exchange",
        "exclude",
        "execute",
        "explore",
        "expire",
        "fire",
        "finance",
        "force",
        "generate",
        "guarantee",
        "guide",
        "handle",
        "hire",
        "hope",
        "ignore",
        "illustrate",
        "imagine",
        "improve",
        "include",
        "increase",
        "indicate",
        "inquire",
        "inspire",
        "install",
        "integrate",
        "investigate",
        "invite",
        "invoice",
        "involve",
        "issue",
        "judge",
        "leave",
        "like",
        "locate",
        "manage",
        "measure",
        "merge",
        "migrate",
        "mine",
        "move",
        "mute",
        "name",
        "negotiate",
        "note",
        "notice",
        "nominate",
        "operate",
        "organize",
        "override",
        "pause",
        "place",
        "populate",
        "prepare",
        "produce",
        "promise",
        "promote",
        "propose",
        "provide",
        "publicize",
        "purchase",
        "pursue",
        "queue",
        "quote",
        "rate",
        "realize",
        "rebase",
        "receive",
        "recognize",
        "reconcile",
        "reduce",
        "release",
        "relate",
        "remove",
        "rename",
        "renovate",
        "replace",
        "require",
        "reserve",
        "resolve",
        "restore",
        "resume",
        "retire",
        "retrieve",
        "revoke",
        "rotate",
        "route",
        "sample",
        "save",
        "scale",
        "schedule",
        "score",
        "secure",
        "serve",
        "settle",
        "shape",
        "share",
        "solve",
        "stage",
        "state",
        "store",
        "strike",
        "subscribe",
        "suppose",
        "survive",
        "suspend",
        "synchronize",
        "tie",
        "trace",
        "trade",
        "translate",
        "tune",
        "type",
        "unite",
        "unsubscribe",
        "update",
        "upgrade",
        "use",
        "validate",
        "value",
        "verbalize",
        "vote",
        "welcome",
    ]
)


class Form(IntEnum):
    """The state of an action that a verb form tells."""

    ACTION = 0  # place: to be done
    ACTIVITY = 1  # placing: under way
    EVENT = 2  # placed: done
    FACT = 3  # places: holds as it stands


@dataclass(frozen=True, slots=True)
class Verb:
    """The forms of one verb.

    Args:
        id: Number in `_verb`; 0 before it is registered.
        action: `place`.
        activity: `placing`.
        event: `placed`.
        fact: `places`.
        reverse: `placedBy`, from the target back.
        inverse: The verb that undoes it, or None.
    """

    id: int
    action: str
    activity: str
    event: str
    fact: str
    reverse: str
    inverse: str | None = None

    def form(self, name: str) -> Form | None:
        """Return which form the name is, or None (also for the reverse)."""
        return None if name not in self.forms else Form(self.forms.index(name))

    @property
    def forms(self) -> tuple[str, str, str, str]:
        """The names of the forms, in their order."""
        return self.action, self.activity, self.event, self.fact

    def code(self, form: Form) -> int:
        """Return the number that stands for this verb in that form in `_rel`."""
        return self.id * 4 + form


def conjugate(action: str) -> Verb:
    """Return the forms of an English verb given in its base form.

    Raises:
        InvalidName: It is no identifier.
    """
    _check(action)
    return Verb(0, action, _activity(action), _event(action), _fact(action), f"{_event(action)}By")


def _activity(action: str) -> str:
    if action.endswith("ie"):
        return f"{action[:-2]}ying"
    if action.endswith("e") and not action.endswith(("ee", "oe", "ye")) and len(action) > 2:
        return f"{action[:-1]}ing"
    return f"{_stem(action)}ing"


def _fact(action: str) -> str:
    if action.endswith("y") and action[-2:-1] not in _VOWELS:
        return f"{action[:-1]}ies"
    return f"{action}es" if action.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{action}s"


def _event(action: str) -> str:
    if action in _IRREGULAR:
        return _IRREGULAR[action]
    if action.endswith("e"):
        return f"{action}d"
    if action.endswith("y") and action[-2:-1] not in _VOWELS:
        return f"{action[:-1]}ied"
    return f"{_stem(action)}ed"


def _stem(action: str) -> str:
    """Double the last consonant where English does."""
    return action + action[-1] if action in _DOUBLED or _SHORT.fullmatch(action) else action


@lru_cache(maxsize=4096)
def base_of(name: str) -> str:
    """Return the base form of a verb given in any form; a name that looks like none of them is its own base."""
    if name.endswith("By"):
        return base_of(name[:-2])
    if name in _bases():
        return _bases()[name]
    for ending in ("ing", "ed", "d", "es", "s"):
        if name.endswith(ending):
            for candidate in _candidates(name.removesuffix(ending)):
                if name in {_activity(candidate), _event(candidate), _fact(candidate)}:
                    return candidate
    return name


@lru_cache(maxsize=1)
def _bases() -> dict[str, str]:
    """Base forms by the other forms of verbs that cannot be undone by rule."""
    verbs = [conjugate(action) for action in (*_IRREGULAR, *_ENDING_IN_E, *_DOUBLED)]
    return {form: verb.action for verb in verbs for form in verb.forms[1:]}


def _candidates(stem: str) -> list[str]:
    """Return the base forms that a stem may come from, the likeliest first; `define` decides where this guesses wrong."""
    found = []
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "slfz":
        found.append(stem[:-1])
    if stem.endswith("i"):
        found.append(f"{stem[:-1]}y")
    return [*found, f"{stem}e", stem] if stem[-1:] in tuple("cvzu") else [*found, stem, f"{stem}e"]


def _check(name: str) -> None:
    if not name.isidentifier() or len(name) > 128:
        msg = f"{name!r} is not allowed as the name of a verb"
        raise InvalidName(msg)


class Verbs:
    """The verbs of a tenant."""

    __slots__ = ("_graph", "_known")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Verb] = {}

    def define(
        self,
        action: str,
        *,
        activity: str | None = None,
        event: str | None = None,
        fact: str | None = None,
        reverse: str | None = None,
        inverse: str | None = None,
    ) -> Verb:
        """Register a verb, or change its forms; what is not given is conjugated.

        Raises:
            InvalidName: A form is no identifier.
        """
        regular = conjugate(action)
        event = event or regular.event
        forms = [activity or regular.activity, event, fact or regular.fact, reverse or f"{event}By"]
        for form in (*forms, inverse or action):
            _check(form)
        text = orjson.dumps([action, *forms, inverse]).decode()
        with self._graph.session() as session:
            ((number,),) = session.write(
                "insert into _verb(id, action, def) values (?, ?, ?) on conflict(action) do update set def = excluded.def returning id",
                (session.allocate(VERBS), action, text),
            )
        self._known.clear()
        return Verb(int(str(number)), action, *forms, inverse)

    def find(self, name: str) -> tuple[Verb, Form | None]:
        """Return the verb that has this form, and which form it is (None: the reverse).

        Raises:
            UnknownVerb: No registered verb has it.
        """
        with self._graph.session() as session:
            verb = self._lookup(session, name)
        if verb is None:
            msg = f"no verb has the form {name!r}"
            raise UnknownVerb(msg)
        return verb, verb.form(name)

    def find_or_define(self, name: str) -> tuple[Verb, Form | None]:
        """Return the verb that has this form, registering it when there is none."""
        try:
            return self.find(name)
        except UnknownVerb:
            base = base_of(name)
            regular = conjugate(base)
            if regular.form(name) is None and regular.reverse != name:
                regular = conjugate(name)
                base = name
            self.define(base)
            return self.find(name)

    def all(self) -> list[Verb]:
        """Return every verb, by name of its action."""
        with self._graph.session() as session:
            rows = session.read("select id, def from _verb order by action")
        return [_read(number, text) for number, text in rows]

    def _lookup(self, session: Session, name: str) -> Verb | None:
        known = self._known.get(name)
        if known is not None:
            return known
        for number, text in session.read("select id, def from _verb"):
            verb = _read(number, text)
            if name in verb.forms or name == verb.reverse:
                if not session.in_transaction:
                    self._known[name] = verb
                return verb
        return None


def _read(number: object, text: object) -> Verb:
    return Verb(int(str(number)), *orjson.loads(str(text)))
