"""What variables may be named; it refuses the rest with code 9."""

from dotdo_mongo.errors import failure


def _is_name_char(char: str) -> bool:
    return char.isalnum() or char == "_" or char > "\x7f"


def check_variable_read(name: str) -> None:
    """Refuse what no variable is named (code 9)."""
    if not name:
        raise failure(9, "empty variable names are not allowed")
    if not (name[0].isalpha() or name[0] > "\x7f"):
        raise failure(9, f"'{name}' starts with an invalid character for a variable name")
    _check_rest(name)


def _check_rest(name: str) -> None:
    for char in name[1:]:
        if not _is_name_char(char):
            raise failure(
                9, f"'{name}' contains an invalid character for a variable name: '{char}'"
            )


def check_variable_write(name: str) -> None:
    """Refuse what no variable may be named by a user; CURRENT alone of the system's may be set (code 9)."""
    if not name:
        raise failure(9, "empty variable names are not allowed")
    if name == "CURRENT":
        return
    if not ("a" <= name[0] <= "z" or name[0] > "\x7f"):
        raise failure(9, f"'{name}' starts with an invalid character for a user variable name")
    _check_rest(name)
