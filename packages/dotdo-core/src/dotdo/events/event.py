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

_NAMES = "select distinct noun, def ->> 'name' from _schema where def is not null"
_CANDIDATE = """
select seq from _log where seq > ?1 and seq <= ?2 and (op = ?5 or (
 noun in (select value from json_each(?3)) and (noun = ?6 or op in (select value from json_each(?4)))))
order by seq limit 1"""


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
        patterns: Which events are wanted; all when none is given.
    """

    def __init__(self, session: Session, *patterns: Pattern) -> None:
        self._session = session
        self._patterns = patterns or (Pattern(),)
        self._verbs: dict[int, Verb] = {}
        self._reader = Reader(session)
        self._snapshots = Snapshots(session)

    def next_candidate(self, after: int, upto: int) -> int | None:
        """Return the first log position in the range (after, upto] at which a wanted event may be; none lies before it."""
        nouns = orjson.dumps(self._nouns()).decode()
        found = self._session.read(
            _CANDIDATE, (after, upto, nouns, self._ops(), system.EVENT, system.RELATIONSHIP)
        )
        return found[0][0] if found else None

    def read(self, after: int, upto: int) -> Iterator[Event]:
        """Yield the wanted events in the range (after, upto], in order."""
        transaction: Transaction | None = None
        for entry in entries(self._session, after, upto, self._nouns()):
            if entry.op in (system.COMMIT, system.SCHEMA, system.REWRITE):
                continue
            if transaction is None or entry.seq > transaction.last:
                transaction = transaction_at(self._session, entry.seq)
            if transaction is None:
                return
            event = self._event(entry, transaction)
            if event is not None and self._wants(event.noun, event.verb):
                yield event

    def _wants(self, noun: str, verb: str) -> bool:
        return any(pattern.matches(noun, verb) for pattern in self._patterns)

    def _nouns(self) -> list[int]:
        """Return the numbers of the nouns that wanted events may be of, under any name that they have had."""
        found = set(self._named())
        if any(self._may_be_relationship(pattern) for pattern in self._patterns):
            found.add(system.RELATIONSHIP)
        return sorted(found)

    def _named(self) -> frozenset[int]:
        """Return the numbers of the nouns of whose rows events are wanted; looked up once for each state of the definitions."""
        of_rows = frozenset(p.noun for p in self._patterns if p.verb in {ANY, *VERBS.values()})
        known = self._session.catalog.derived
        found = known.get(("nouns of events", of_rows))
        if not isinstance(found, frozenset):
            found = known["nouns of events", of_rows] = frozenset(
                number
                for number, name in self._session.read(_NAMES)
                if any(wanted == ANY or _is_variant(wanted, name) for wanted in of_rows)
            )
        return found

    def _may_be_relationship(self, pattern: Pattern) -> bool:
        """A relationship's change may be such an event: by a form of its verb, or as a change of its own."""
        if pattern.verb == ANY or pattern.matches("Relationship", pattern.verb):
            return True
        return any(pattern.verb in verb.forms for verb in read_verbs(self._session).values())

    def _ops(self) -> str:
        """Return, as a JSON array, the operations on rows by which wanted events may come about."""
        verbs = {pattern.verb for pattern in self._patterns}
        wanted = [op for op, verb in VERBS.items() if verb in verbs or ANY in verbs]
        return orjson.dumps(wanted).decode()

    def _event(self, entry: Entry, transaction: Transaction) -> Event | None:
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
        if definition is None or not self._wants(definition.name, verb):
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
