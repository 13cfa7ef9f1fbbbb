"""The languages of text search: their names, stems and words that do not count."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {
    "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french",
    "de": "german", "hu": "hungarian", "it": "italian", "nb": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "es": "spanish", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_KNOWN = frozenset(NAMES.values())

_UNCOUNTED = {
    "english": """
        a about above after again against all am an and any are aren't as at be because been before being
        below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't
        down during each few for from further had hadn't has hasn't have haven't having he her here hers
        herself him himself his how i if in into is isn't it its itself let's me more most mustn't my myself
        no nor not of off on once only or other ought our ours ourselves out over own same she should
        shouldn't so some such than that the their theirs them themselves then there these they this those
        through to too under until up very was wasn't we were weren't what when where which while who whom
        why will with won't would wouldn't you your yours yourself yourselves s t
    """,
    "french": """
        au aux avec ce ces dans de des du elle en et eux il je la le les leur lui ma mais me même mes moi
        mon ne nos notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une
        vos votre vous c d j l à m n s t y
    """,
    "german": """
        aber alle als also am an auch auf aus bei bin bis bist da damit das dass dein dem den der des dich
        die dir doch du durch ein eine einem einen einer eines er es euch für hat hatte hier hin ich ihm ihn
        ihr im in ist ja kann kein mein mich mir mit nach nicht noch nun nur ob oder ohne sehr sein sich sie
        sind so über um und uns unter vom von vor war was weil wenn wer wie wir wird zu zum zur
    """,
    "spanish": """
        a al algo como con de del desde donde el ella ellas ellos en entre era es esa ese eso esta este esto
        ha hasta la las le les lo los me mi mis mucho muy más ni no nos o otra otro para pero por porque que
        qué se si sin sobre su sus también te ti tu tus un una uno y ya yo él
    """,
}
STOP_WORDS = {name: frozenset(words.split()) for name, words in _UNCOUNTED.items()}


def language(name: str) -> str:
    """Return the full name of a language, "none" for none. Code 2 for what is no language."""
    lower = name.lower()
    if lower == "none":
        return lower
    found = NAMES.get(lower, lower)
    if found not in _KNOWN:
        raise failure(2, f'unsupported language: "{name}" for text index version 3')
    return found


@lru_cache(maxsize=32)
def stemmer(name: str) -> Callable[[str], str]:
    """Return the function from a word to its stem."""
    if name == "none":
        return str
    import snowballstemmer

    algorithm = "porter" if name == "english" else name
    found: Callable[[str], str] = snowballstemmer.stemmer(algorithm).stemWord
    return found
