"""Events: what happened to things, read from the log after commit; and domain events, appended by programs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import orjson

from dotdo.errors import InvalidName, InvalidValue
from dotdo.graph.nouns import check_noun_name, find_noun
from dotdo.graph.thing import Thing
from dotdo.graph.verbs import Verb, read_verbs
from dotdo.history.entries import Entry, Reader, entries
from dotdo.history.net import Snapshots
from dotdo.history.transactions import Transaction, transaction_at
from dotdo.history.versions import VERBS
from dotdo.storage import Session, system
from dotdo.storage.inflection import variants
from dotdo.values import Canonical, decode, encode, shown

ANY = "*"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Args:
        seq: Its position in the log.
        noun: Name of the noun it happened to (of a relationship: of its source).
        verb: What happened: `created`, `updated`, `deleted`, a form of a relationship's verb, or a domain event's.
        before: The thing as it was; None when it was not.
        after: The thing as it became; None when it is no more.
        time_us: When, in microseconds since 1970.
        actor: Who.
        action: To what end.
        api: Through which API.
        target: Where a relationship leads.
        data: A relationship's or a domain event's own fields.
    """

    seq: int
    noun: str
    verb: str
    before: Thing | None
    after: Thing | None
    time_us: int
    actor: str | None
    action: str | None
    api: str | None
    target: Thing | None = None
    data: dict[str, Canonical] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`Noun.verb`."""
        return f"{self.noun}.{self.verb}"

    @property
    def thing(self) -> Thing | None:
        """The thing it happened to, as it is afterward or was last."""
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which events are wanted; `*` stands for any.

    Args:
        noun: A noun's name, in any case and number.
        verb: A verb form.
    """

    noun: str = ANY
    verb: str = ANY

    @classmethod
    def parse(cls, text: object) -> "Pattern":
        """Read `Noun.verb`.

        Raises:
            InvalidName: It is not of that form.
        """
        noun, dot, verb = text.rpartition(".") if isinstance(text, str) else ("", "", "")
        if not dot or not noun or not verb:
            msg = f"{shown(text)} is no pattern of events: give Noun.verb, with * for any"
            raise InvalidName(msg)
        return cls(noun, verb)

    def matches(self, noun: str, verb: str) -> bool:
        """An event of that noun and verb is wanted."""
        return self.verb in {ANY, verb} and (self.noun == ANY or _is_variant(self.noun, noun))


@lru_cache(maxsize=4096)
def _is_variant(wanted: str, noun: str) -> bool:
    return wanted == noun or variants(wanted)[0] == variants(noun)[0]


def emit(session: Session, name: object, thing: object, data: dict[str, Canonical]) -> None:
    """Append a domain event to the log, in the transaction of the session.

    Args:
        session: Writes.
        name: `Noun.verb`.
        thing: What it is about; of the noun.
        data: Its own fields.

    Raises:
        InvalidName: The name is not of that form.
        InvalidValue: It is about something else than a thing, or the data cannot be stored.
    """
    pattern = Pattern.parse(name)
    noun, verb = check_noun_name(pattern.noun), pattern.verb
    if verb == ANY or not verb.isprintable():
        msg = f"{shown(verb)} is not allowed as the verb of an event"
        raise InvalidName(msg)
    if thing is not None and not isinstance(thing, Thing):
        msg = f"an event is about a thing or none, not {shown(thing)}"
        raise InvalidValue(msg)
    number = 0 if thing is None else find_noun(session, thing.noun).id
    text = orjson.dumps([noun, verb, orjson.Fragment(encode(data))]).decode()
    session.write(
        "insert into _log(noun, op, id, before) values (?, ?, ?, ?)",
        (number, system.EVENT, 0 if thing is None else thing.row, text),
    )


class EventReader:
    """Makes events of log entries.

    Args:
        session: Sees the log.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._verbs: dict[int, Verb] = {}
        self._reader = Reader(session)
        self._snapshots = Snapshots(session)

    def read(self, after: int, upto: int, pattern: Pattern | None = None) -> Iterator[Event]:
        """Yield the events in the range (after, upto] that match, in order."""
        wanted = pattern or Pattern()
        transaction: Transaction | None = None
        for entry in entries(self._session, after, upto):
            if entry.op in (system.COMMIT, system.SCHEMA, system.REWRITE):
                continue
            if transaction is None or entry.seq > transaction.last:
                transaction = transaction_at(self._session, entry.seq)
            if transaction is None:
                return
            event = self._event(entry, transaction, wanted)
            if event is not None and wanted.matches(event.noun, event.verb):
                yield event

    def _event(self, entry: Entry, transaction: Transaction, wanted: Pattern) -> Event | None:
        by = (transaction.time_us, transaction.actor, transaction.action, transaction.api)
        if entry.op == system.EVENT:
            noun, verb, data = orjson.loads(entry.before)
            about = self._present(entry.noun, entry.row, entry.seq)
            return Event(entry.seq, noun, verb, None, about, *by, None, decode(orjson.dumps(data)))
        if entry.noun == system.VERB:
            return None
        if entry.noun == system.RELATIONSHIP:
            return self._relationship(entry, by)
        definition = self._reader.noun_at(entry.noun, entry.seq)
        verb = VERBS[entry.op]
        if definition is None or not wanted.matches(definition.name, verb):
            return None
        before = None if entry.op == system.INSERT else self._reader.thing(definition, entry.before)
        return Event(
            entry.seq,
            definition.name,
            verb,
            before,
            self._reader.thing(definition, entry.after),
            *by,
        )

    def _present(self, number: int, row: int, seq: int) -> Thing | None:
        noun = self._session.catalog.by_id.get(number)
        if noun is None:
            return None
        return self._snapshots.thing(noun, row, self._snapshots.at(noun, row, seq))

    def _verb(self, number: int) -> Verb | None:
        if number not in self._verbs:
            self._verbs = read_verbs(self._session)
        return self._verbs.get(number)

    def _relationship(
        self, entry: Entry, by: tuple[int, str | None, str | None, str | None]
    ) -> Event | None:
        """A relationship's event is its source's: `Customer.placed`."""
        kernel_noun = self._session.catalog.by_id[system.RELATIONSHIP]
        image = entry.after if entry.op != system.DELETE else entry.before
        fields = self._snapshots.fields(kernel_noun, image)
        source = self._present(fields["src_noun"], fields["src"], entry.seq)
        target = (
            None
            if fields["dst_noun"] is None
            else self._present(fields["dst_noun"], fields["dst"], entry.seq)
        )
        verb_id, form = divmod(fields["verb"], 4)
        verb = self._verb(verb_id)
        if verb is None:
            return None
        data = {} if fields["data"] is None else decode(fields["data"])
        if entry.op == system.DELETE:
            return Event(entry.seq, "Relationship", "deleted", source, None, *by, target, data)
        name = verb.forms[form]
        if (
            entry.op == system.UPDATE
            and self._snapshots.fields(kernel_noun, entry.before)["verb"] == fields["verb"]
        ):
            return Event(entry.seq, "Relationship", "updated", source, source, *by, target, data)
        noun = source.noun if source is not None else "Relationship"
        return Event(entry.seq, noun, name, None, source, *by, target, data)
