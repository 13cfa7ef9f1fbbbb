"""English verbs that rules cannot inflect: irregular ones, and those whose base form their other forms do not tell."""

IRREGULAR = {
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
"""Event forms by base form."""

DOUBLED = frozenset({
    "admit", "commit", "drop", "permit", "plan", "prefer", "refer", "ship", "skip", "stop", "submit", "swap", "transfer",
    "wrap",
})  # fmt: skip
"""Verbs of several syllables or two vowels whose last consonant is doubled."""

ENDING_IN_E = (
    "acquire", "activate", "aggregate", "agree", "allocate", "approve", "archive", "arrange", "arrive", "assemble", "assume",
    "authorize", "bake", "balance", "base", "believe", "calculate", "capture", "care", "cause", "celebrate", "change",
    "charge", "chase", "close", "combine", "compare", "compete", "compile", "complete", "compose", "compute", "conclude",
    "configure", "coordinate", "create", "curate", "date", "debate", "decide", "declare", "decline", "define", "delegate",
    "delete", "depute", "describe", "die", "dine", "disable", "disagree", "dispute", "distribute", "divide", "donate",
    "download", "drive", "duplicate", "educate", "emulate", "enable", "encode", "endorse", "enquire", "ensure", "escape",
    "estimate", "evaluate", "examine", "exchange", "exclude", "execute", "expire", "explore", "finance", "fire", "force",
    "generate", "guarantee", "guide", "handle", "hire", "hope", "ignore", "illustrate", "imagine", "improve", "include",
    "increase", "indicate", "inquire", "inspire", "install", "integrate", "investigate", "invite", "invoice", "involve",
    "issue", "judge", "leave", "lie", "like", "locate", "manage", "measure", "merge", "migrate", "mine", "move", "mute",
    "name", "negotiate", "nominate", "note", "notice", "operate", "organize", "override", "pause", "place", "populate",
    "prepare", "produce", "promise", "promote", "propose", "provide", "publicize", "purchase", "pursue", "queue", "quote",
    "rate", "realize", "rebase", "receive", "recognize", "reconcile", "reduce", "relate", "release", "remove", "rename",
    "renovate", "replace", "require", "reserve", "resolve", "restore", "resume", "retire", "retrieve", "revoke", "rotate",
    "route", "sample", "save", "scale", "schedule", "score", "secure", "serve", "settle", "shape", "share", "solve", "stage",
    "state", "store", "strike", "subscribe", "suppose", "survive", "suspend", "synchronize", "tie", "trace", "trade",
    "translate", "tune", "type", "unite", "unsubscribe", "update", "upgrade", "use", "validate", "value", "verbalize", "vote",
    "welcome",
)  # fmt: skip
"""Verbs whose final e their other forms do not show."""
