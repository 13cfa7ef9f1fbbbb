"""Verbs: the forms in which an action is named, and what each says about its state."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import orjson

from dotdo.errors import InvalidName, UnknownVerb
from dotdo.graph.context import Graph
from dotdo.graph.english import DOUBLED, ENDING_IN_E, IRREGULAR
from dotdo.storage import Session
from dotdo.storage.kernel_nouns import VERBS
from dotdo.values import shown

_VOWELS = "aeiou"
_SHORT = re.compile("[^aeiou][aeiou][^aeiouwxy]")


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

    def form(self, name: object) -> Form | None:
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
    if action in IRREGULAR:
        return IRREGULAR[action]
    if action.endswith("e"):
        return f"{action}d"
    if action.endswith("y") and action[-2:-1] not in _VOWELS:
        return f"{action[:-1]}ied"
    return f"{_stem(action)}ed"


def _stem(action: str) -> str:
    """Double the last consonant where English does."""
    return action + action[-1] if action in DOUBLED or _SHORT.fullmatch(action) else action


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
    verbs = [conjugate(action) for action in (*IRREGULAR, *ENDING_IN_E, *DOUBLED)]
    return {form: verb.action for verb in verbs for form in verb.forms[1:]}


def _candidates(stem: str) -> list[str]:
    """Return the base forms that a stem may come from, the likeliest first; `define` decides where this guesses wrong."""
    found = []
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "slfz":
        found.append(stem[:-1])
    if stem.endswith("i"):
        found.append(f"{stem[:-1]}y")
    return [*found, f"{stem}e", stem] if stem[-1:] in tuple("cvzu") else [*found, stem, f"{stem}e"]


def _check(name: object) -> None:
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 128:
        msg = f"{shown(name)} is not allowed as the name of a verb"
        raise InvalidName(msg)


class Verbs:
    """The verbs of a tenant."""

    __slots__ = ("_by_form", "_graph", "_seen")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._seen = 0  # log position that `_by_form` belongs to
        self._by_form: dict[str, Verb] = {}

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
            return _write(session, action, text)

    def find(self, name: object) -> tuple[Verb, Form | None]:
        """Return the verb that has this form, and which form it is (None: the reverse).

        Raises:
            UnknownVerb: No registered verb has it.
        """
        with self._graph.session() as session:
            return self.find_in(session, name)

    def find_in(self, session: Session, name: object) -> tuple[Verb, Form | None]:
        """Return the same as `find`, as a session sees it."""
        verb = self._known(session).get(name) if isinstance(name, str) else None
        if verb is None:
            msg = f"no verb has the form {shown(name)}"
            raise UnknownVerb(msg)
        return verb, verb.form(name)

    def find_or_define(self, session: Session, name: str) -> tuple[Verb, Form | None]:
        """Return the verb that has this form, registering it when there is none.

        Raises:
            InvalidName: It is no identifier.
        """
        _check(name)
        known = self._known(session).get(name)
        if known is None:
            regular = conjugate(base_of(name))
            if regular.form(name) is None and regular.reverse != name:
                regular = conjugate(name)
            text = orjson.dumps([regular.action, *regular.forms[1:], regular.reverse, None])
            known = _write(session, regular.action, text.decode())
        return known, known.form(name)

    def all(self) -> list[Verb]:
        """Return every verb, by name of its action."""
        with self._graph.session() as session:
            return sorted(read_verbs(session).values(), key=lambda verb: verb.action)

    def _known(self, session: Session) -> dict[str, Verb]:
        """Return the verbs by all their forms; read again when the log has moved."""
        ((newest,),) = session.read("select max(seq) from _log")
        if newest != self._seen or session.in_transaction:
            verbs = reversed(read_verbs(session).values())
            by_form = {form: verb for verb in verbs for form in (verb.reverse, *verb.forms)}
            if session.in_transaction:  # what it has defined itself may be undone
                return by_form
            self._seen, self._by_form = newest, by_form
        return self._by_form


def read_verbs(session: Session) -> dict[int, Verb]:
    """Return every verb by its number."""
    rows = session.read("select id, def from _verb order by id")
    return {number: _read(number, text) for number, text in rows}


def _write(session: Session, action: str, text: str) -> Verb:
    ((number,),) = session.write(
        "insert into _verb(id, action, def) values (?, ?, ?) on conflict(action) do update set def = excluded.def returning id",
        (session.allocate(VERBS), action, text),
    )
    return _read(number, text)


def _read(number: int, text: str) -> Verb:
    return Verb(number, *orjson.loads(text))
