"""Reading of a PL/pgSQL body: tokens one after the other, the names in force, pieces of SQL; errors are PostgreSQL's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql.parts import Into, Namespace, Sql, Target, Variable
from dotdo_postgres.engine.plpgsql.tokens import Token, tokens_of
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Collection

_OPENING, _CLOSING = frozenset({"(", "["}), frozenset({")", "]"})


class Reader:
    """A body being read.

    Args:
        body: The text.
    """

    def __init__(self, body: str) -> None:
        self.body = body
        self.tokens = tokens_of(body)
        self.at = 0
        self.space = Namespace()
        self.variables: list[Variable] = []
        self.texts: list[Sql] = []
        self.ends_transactions = False
        self._lines = [at for at, char in enumerate(body) if char == "\n"]

    # --- tokens ------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.at]

    def ahead(self, count: int = 1) -> Token:
        """Return a later token."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and go on."""
        found = self.tokens[self.at]
        if found.kind != "end":
            self.at += 1
        return found

    def is_word(self, *words: str) -> bool:
        """Whether one of these words is next."""
        token = self.tokens[self.at]
        return token.kind == "word" and token.value in words

    def is_mark(self, *marks: str) -> bool:
        """Whether one of these marks is next."""
        token = self.tokens[self.at]
        return token.kind == "mark" and token.value in marks

    def skip_word(self, word: str) -> bool:
        """Go past a word if it is next."""
        if self.is_word(word):
            self.at += 1
            return True
        return False

    def skip_mark(self, mark: str) -> bool:
        """Go past a mark if it is next."""
        if self.is_mark(mark):
            self.at += 1
            return True
        return False

    def require_word(self, word: str) -> Token:
        """Go past a word.

        Raises:
            PostgresError: something else is next (SQLSTATE 42601).
        """
        if not self.is_word(word):
            raise self.unexpected()
        return self.take()

    def require_mark(self, mark: str) -> Token:
        """Go past a mark, as `require_word`."""
        if not self.is_mark(mark):
            raise self.unexpected()
        return self.take()

    def name(self) -> str:
        """Read a name."""
        if not self.token.is_name:
            raise self.unexpected()
        return self.take().value

    def unexpected(self, token: Token | None = None) -> PostgresError:
        """Make the error for a token that fits nothing."""
        token = token or self.token
        if token.kind == "end":
            return self.fail("syntax error at end of input", token)
        return self.fail(f'syntax error at or near "{self.body[token.start : token.end]}"', token)

    def fail(
        self, message: str, token: Token | None = None, sqlstate: str = "42601"
    ) -> PostgresError:
        """Make an error at a token; its line is kept for the context."""
        found = error(sqlstate, message)
        found.context = None
        found.body_position = (token or self.token).start  # type: ignore[attr-defined]  # for whoever knows the statement
        found.body_line = self.line((token or self.token).start)  # type: ignore[attr-defined]  # for whoever names the function
        return found

    def near(self, message: str, token: Token) -> PostgresError:
        """Make an error that names the token it is at."""
        shown = self.body[token.start : token.end]
        return self.fail(
            f'{message} at or near "{shown}"' if shown else f"{message} at end of input", token
        )

    def line(self, start: int) -> int:
        """Return the line of a place, from 1."""
        low, high = 0, len(self._lines)
        while low < high:
            middle = (low + high) // 2
            if self._lines[middle] < start:
                low = middle + 1
            else:
                high = middle
        return low + 1

    # --- SQL ---------------------------------------------------------------------------------

    def sql(self, first: int, end: int, *, is_statement: bool = False) -> Sql:
        """Return the text from one token to before another."""
        start = self.tokens[first].start
        stop = self.tokens[end - 1].end if end > first else start
        made = self.make_sql(self.body[start:stop], self.line(start), is_statement=is_statement)
        made.start = start
        return made

    def make_sql(self, text: str, line: int, *, is_statement: bool = False) -> Sql:
        """Return a piece of SQL that sees the names in force."""
        made = Sql(text, self.space, line, is_statement)
        self.texts.append(made)
        return made

    def _ends(self, words: Collection[str], marks: Collection[str]) -> bool:
        token = self.tokens[self.at]
        return (token.kind == "word" and token.value in words) or (
            token.kind == "mark" and token.value in marks
        )

    def skip_to(
        self, words: Collection[str], marks: Collection[str] = (), *, what: str = "SQL expression"
    ) -> None:
        """Go to the first of these outside of brackets.

        Raises:
            PostgresError: there is none (SQLSTATE 42601).
        """
        depth, cases = 0, 0
        while True:
            token = self.token
            if not depth and not cases and self._ends(words, marks):
                return
            if token.kind == "end" or (token.kind == "mark" and token.value == ";"):
                raise self._missing(words, marks, depth, what)
            if token.kind == "word" and token.value == "case":
                cases += 1
            elif token.kind == "word" and token.value == "end" and cases:
                cases -= 1
            elif token.kind == "mark":
                depth += (token.value in _OPENING) - (token.value in _CLOSING)
                if depth < 0:
                    raise self.fail("mismatched parentheses at or near " + f'"{token.value}"')
            self.at += 1

    def _missing(
        self, words: Collection[str], marks: Collection[str], depth: int, what: str
    ) -> PostgresError:
        if depth:
            return self.near("mismatched parentheses", self.token)
        if self.token.kind == "end":
            return self.fail("syntax error at end of input")
        wanted = [word.upper() for word in words] + list(marks)
        return self.near(f'missing "{wanted[0]}" at end of {what}', self.token)

    def expression(self, *ends: str) -> Sql:
        """Read an expression up to one of these words or marks, which stays."""
        words = [end for end in ends if end.isalpha()]
        marks = [end for end in ends if not end.isalpha()]
        first = self.at
        self.skip_to(words, marks)
        if self.at == first:
            raise self.fail(
                f'missing expression at or near "{self.body[self.token.start : self.token.end]}"'
            )
        return self.sql(first, self.at)

    # --- variables ---------------------------------------------------------------------------

    def add(self, name: str, type_text: str = "", line: int = 0) -> Variable:
        """Make a variable that nothing names yet."""
        made = Variable(len(self.variables), name, type_text, line)
        self.variables.append(made)
        return made

    def declare(self, variable: Variable, *names: str) -> Variable:
        """Let names of the block mean a variable."""
        for name in names or (variable.name,):
            self.space.names[name] = variable
        return variable

    def look_up(self, parts: list[str]) -> tuple[Variable, tuple[str, ...]] | None:
        """Return the variable that a name of several parts means, and the fields after it."""
        found = self.space.find(parts[0])
        if found is not None:
            return found, tuple(parts[1:])
        if len(parts) > 1:
            space = self.space.labelled(parts[0])
            if space is not None and parts[1] in space.names:
                return space.names[parts[1]], tuple(parts[2:])
        return None

    def parts(self) -> list[str]:
        """Read a name of several parts."""
        if self.token.kind == "param":
            return [self.take().value]
        found = [self.name()]
        while self.is_mark(".") and self.ahead().is_name:
            self.at += 1
            found.append(self.take().value)
        return found

    def target(self) -> Target:
        """Read what is assigned to.

        Raises:
            PostgresError: no variable is named so (SQLSTATE 42601).
        """
        token = self.token
        parts = self.parts()
        found = self.look_up(parts)
        if found is None:
            raise self.fail(f'"{".".join(parts)}" is not a known variable', token)
        variable, fields = found
        if variable.is_constant:
            raise self.fail(f'variable "{variable.name}" is declared CONSTANT', token, "22005")
        subscripts = []
        while self.is_mark("["):
            subscripts.append(self._subscript())
        while self.is_mark(".") and self.ahead().is_name:
            raise self.fail("assignment to a field of an element is not supported", token, "0A000")
        return Target(variable, fields, tuple(subscripts))

    def _subscript(self) -> tuple[Sql | None, Sql | None, bool]:
        self.require_mark("[")
        first, is_slice = None, False
        if not self.is_mark(":"):
            first = self.expression(":", "]")
        last = None
        if self.skip_mark(":"):
            is_slice = True
            if not self.is_mark("]"):
                last = self.expression("]")
        self.require_mark("]")
        return first, last, is_slice

    def into(self) -> Into:
        """Read what INTO names: a row variable, or several variables."""
        is_strict = self.skip_word("strict")
        targets = [self.target()]
        if targets[0].variable.is_record and not targets[0].fields and self.is_mark(","):
            raise self.near(
                "record variable cannot be part of multiple-item INTO list",
                self.tokens[self.at - 1],
            )
        while self.skip_mark(","):
            targets.append(self.target())
            last = targets[-1]
            if last.variable.is_record and not last.fields:
                raise self.fail(
                    f'"{last.variable.name}" is not a scalar variable', self.tokens[self.at - 1]
                )
        return Into(targets, is_strict)
