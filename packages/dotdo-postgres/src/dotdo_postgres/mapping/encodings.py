"""Encodings of the client: PostgreSQL's names, and text to bytes and back with PostgreSQL's errors."""

from dataclasses import dataclass

from dotdo_postgres.errors import PostgresError, error

_CODECS = {
    "SQL_ASCII": "utf-8", "UTF8": "utf-8", "EUC_JP": "euc_jp", "EUC_CN": "gb2312", "EUC_KR": "euc_kr", "EUC_JIS_2004": "euc_jis_2004",
    "LATIN1": "iso8859-1", "LATIN2": "iso8859-2", "LATIN3": "iso8859-3", "LATIN4": "iso8859-4", "LATIN5": "iso8859-9", "LATIN6": "iso8859-10",
    "LATIN7": "iso8859-13", "LATIN8": "iso8859-14", "LATIN9": "iso8859-15", "LATIN10": "iso8859-16", "WIN1256": "cp1256", "WIN1258": "cp1258",
    "WIN866": "cp866", "WIN874": "cp874", "KOI8R": "koi8-r", "WIN1251": "cp1251", "WIN1252": "cp1252", "ISO_8859_5": "iso8859-5",
    "ISO_8859_6": "iso8859-6", "ISO_8859_7": "iso8859-7", "ISO_8859_8": "iso8859-8", "WIN1250": "cp1250", "WIN1253": "cp1253",
    "WIN1254": "cp1254", "WIN1255": "cp1255", "WIN1257": "cp1257", "KOI8U": "koi8-u", "SJIS": "shift_jis", "BIG5": "big5", "GBK": "gbk",
    "UHC": "cp949", "GB18030": "gb18030", "JOHAB": "johab", "SHIFT_JIS_2004": "shift_jis_2004",
}  # fmt: skip
_ALIASES = {
    "UNICODE": "UTF8", "ALT": "WIN866", "WIN": "WIN1251", "ABC": "WIN1258", "TCVN": "WIN1258", "TCVN5712": "WIN1258",
    "VSCII": "WIN1258", "KOI8": "KOI8R", "MSKANJI": "SJIS", "SHIFTJIS": "SJIS", "WINDOWS949": "UHC", "WINDOWS950": "BIG5",
    "WINDOWS936": "GBK", "WIN950": "BIG5", "WIN949": "UHC", "WIN936": "GBK", "WIN932": "SJIS", "WINDOWS932": "SJIS",
    **{f"ISO8859{part}": f"LATIN{n}" for n, part in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), start=1)},
    **{f"WINDOWS{part}": f"WIN{part}" for part in (866, 874, *range(1250, 1259))},
}  # fmt: skip
_BY_KEY = {name.replace("_", ""): name for name in _CODECS} | _ALIASES


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of the client.

    Args:
        name: PostgreSQL's.
        codec: Python's.
    """

    name: str
    codec: str

    def decode(self, data: bytes) -> str:
        """Read text of the client.

        Raises:
            PostgresError: it is not of this encoding (22021).
        """
        try:
            return data.decode(self.codec)
        except UnicodeDecodeError as failure:
            shown = " ".join(f"0x{byte:02x}" for byte in _sequence(failure, self.codec))
            message = f'invalid byte sequence for encoding "{self.name}": {shown}'
            raise error("22021", message) from None

    def encode(self, text: str) -> bytes:
        """Write text for the client.

        Raises:
            PostgresError: it holds what this encoding has not (22P05).
        """
        try:
            return text.encode(self.codec)
        except UnicodeEncodeError as failure:
            raise self._missing(text[failure.start]) from None

    def _missing(self, character: str) -> PostgresError:
        shown = " ".join(f"0x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        message = (
            f'character with byte sequence {shown} in encoding "UTF8"'
            f' has no equivalent in encoding "{self.name}"'
        )
        return error("22P05", message)


def _sequence(failure: UnicodeDecodeError, codec: str) -> bytes:
    data, at = failure.object, failure.start
    if codec != "utf-8":
        return data[at : at + 1]
    first = data[at]
    size = 2 if 0xC0 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4 if first >= 0xF0 else 1
    return data[at : at + (size if first < 0xF8 else 1)]


UTF8 = Encoding("UTF8", "utf-8")


def encoding_named(name: str) -> Encoding | None:
    """Return the encoding of that name or alias, None when PostgreSQL knows none."""
    key = "".join(character for character in name.upper() if character.isalnum())
    found = _BY_KEY.get(key)
    if found is None:
        return None
    return UTF8 if found == "UTF8" else Encoding(found, _CODECS[found])
