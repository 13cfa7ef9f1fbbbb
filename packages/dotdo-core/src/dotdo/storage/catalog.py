"""The nouns of a tenant at one version of its schema, found by name, number or table."""

from collections.abc import Iterable, Mapping

from dotdo.errors import AmbiguousName, UnknownNoun
from dotdo.storage.functions import functions_of
from dotdo.storage.images import Images
from dotdo.storage.inflection import variants
from dotdo.storage.schema import Noun


class Catalog:
    """An immutable set of nouns.

    Args:
        version: Grows with every change of a definition.
        nouns: The definitions.
    """

    __slots__ = (
        "_functions",
        "_images",
        "_variants",
        "by_id",
        "by_name",
        "by_table",
        "derived",
        "version",
    )

    def __init__(self, version: int, nouns: Iterable[Noun]) -> None:
        self.version = version
        self.by_name: Mapping[str, Noun] = {noun.name: noun for noun in nouns}
        self.by_id: Mapping[int, Noun] = {noun.id: noun for noun in self.by_name.values()}
        self.by_table: Mapping[str, Noun] = {
            noun.table: noun for noun in self.by_name.values() if noun.has_table
        }
        self.derived: dict[
            object, object
        ] = {}  # what other rooms compute from it, by keys of theirs
        self._functions: frozenset[str] | None = None
        self._images: dict[int, Images] = {}
        self._variants: dict[str, list[Noun]] | None = None

    @property
    def nouns(self) -> Iterable[Noun]:
        """Every noun, the kernel's own left out."""
        return [noun for noun in self.by_name.values() if not noun.name.startswith("$")]

    @property
    def functions(self) -> frozenset[str]:
        """Names of the functions that definitions use beyond SQLite's own."""
        if self._functions is None:
            self._functions = functions_of(self.nouns)
        return self._functions

    def noun(self, name: str) -> Noun | None:
        """Return the noun of exactly that name, or None."""
        return self.by_name.get(name)

    def find(self, name: object) -> Noun:
        """Return the noun of that name, else the one that is its singular, plural or case variant.

        Raises:
            UnknownNoun: There is none.
            AmbiguousName: There are several.
        """
        if not isinstance(name, str):
            msg = f"a noun is named by text, not by {type(name).__name__}"
            raise UnknownNoun(msg)
        found = self.by_name.get(name)
        if found is not None:
            return found
        candidates = self._by_variant().get(variants(name)[0], [])
        if len(candidates) == 1:
            return candidates[0]
        if not candidates:
            msg = f"no noun is named {name!r}"
            raise UnknownNoun(msg)
        msg = f"{name!r} may be {' or '.join(sorted(repr(n.name) for n in candidates))}"
        raise AmbiguousName(msg)

    def images(self, noun: Noun) -> Images:
        """Return the row images of a noun of this catalog."""
        found = self._images.get(noun.id)
        if found is None:
            found = self._images[noun.id] = Images(noun)
        return found

    def _by_variant(self) -> dict[str, list[Noun]]:
        if self._variants is None:
            self._variants = {}
            for noun in self.nouns:
                self._variants.setdefault(variants(noun.name)[0], []).append(noun)
        return self._variants
