"""The locales that MongoDB knows, and how some of them order letters otherwise than the root."""

LOCALES = frozenset(
    """af sq am ar hy as az be bn bs bs_Cyrl bg my ca chr zh zh_Hant hr cs da nl dz en en_US en_US_POSIX eo et ee fo
    fil fi fi_FI fr fr_CA gl ka de de_AT el gu ha haw he hi hu is ig smn id ga it ja kl kn kk km kok ko ky lk lo lv ln
    lt dsb lb mk ms ml mt mr mn ne se nb nn or om ps fa fa_AF pl pt pa ro ru sr sr_Latn si sk sl es sw sv ta te th bo to
    tr uk hsb ur ug vi wae cy yi yo zu en_GB en_CA en_AU en_IN pt_BR pt_PT es_ES es_MX es_AR fr_FR fr_BE fr_CH de_DE
    de_CH it_IT it_CH nl_NL nl_BE sv_SE nb_NO da_DK pl_PL ru_RU ja_JP ko_KR zh_CN zh_TW zh_Hans tr_TR no root""".split()  # noqa: SIM905  one word, one locale
)
BACKWARDS = frozenset({"fr_CA"})
UPPER_FIRST = frozenset({"da", "mt"})

# language -> (letter after which, letters in order); both cases follow
TAILORED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "sv": (("z", ("å", "ä", "ö")),),
    "fi": (("z", ("å", "ä", "ö")),),
    "da": (("z", ("æ", "ø", "å")),),
    "nb": (("z", ("æ", "ø", "å")),),
    "nn": (("z", ("æ", "ø", "å")),),
    "no": (("z", ("æ", "ø", "å")),),
    "is": (("z", ("æ", "ö", "å")),),
    "es": (("n", ("ñ",)),),
    "gl": (("n", ("ñ",)),),
    "et": (("s", ("š",)), ("w", ("õ", "ä", "ö", "ü"))),
    "pl": (
        ("a", ("ą",)), ("c", ("ć",)), ("e", ("ę",)), ("l", ("ł",)), ("n", ("ń",)), ("o", ("ó",)),
        ("s", ("ś",)), ("z", ("ź", "ż")),
    ),
    "cs": (("c", ("č",)), ("h", ("ch",)), ("r", ("ř",)), ("s", ("š",)), ("z", ("ž",))),
    "sk": (("a", ("ä",)), ("c", ("č",)), ("h", ("ch",)), ("o", ("ô",)), ("s", ("š",)), ("z", ("ž",))),
    "hr": (("c", ("č", "ć")), ("d", ("dž", "đ")), ("l", ("lj",)), ("n", ("nj",)), ("s", ("š",)), ("z", ("ž",))),
    "hu": (("o", ("ö",)), ("u", ("ü",))),
    "ro": (("a", ("ă", "â")), ("i", ("î",)), ("s", ("ș",)), ("t", ("ț",))),
    "tr": (("c", ("ç",)), ("g", ("ğ",)), ("h", ("\u0131",)), ("o", ("ö",)), ("s", ("ş",)), ("u", ("ü",))),
    "az": (("c", ("ç",)), ("e", ("ə",)), ("g", ("ğ",)), ("h", ("\u0131",)), ("o", ("ö",)), ("s", ("ş",)), ("u", ("ü",))),
    "sq": (("c", ("ç",)), ("e", ("ë",))),
    "lt": (("c", ("č",)), ("s", ("š",)), ("z", ("ž",))),
    "lv": (("c", ("č",)), ("g", ("ģ",)), ("k", ("ķ",)), ("l", ("ļ",)), ("n", ("ņ",)), ("s", ("š",)), ("z", ("ž",))),
}  # fmt: skip
