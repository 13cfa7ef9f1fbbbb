"""Exit codes of errors: the command's own, and those of the kernel known by name."""

import pytest

from dotdo import errors as kernel
from dotdo.serving import errors as serving
from dotdo_cli import errors
from dotdo_cli.errors import ExitCode, exit_code_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (kernel.MergeConflict("x"), ExitCode.NO),
        (kernel.InvalidQuery("x"), ExitCode.USAGE),
        (kernel.InvalidReference("x"), ExitCode.USAGE),
        (kernel.UnknownTenant("x"), ExitCode.NOT_FOUND),
        (kernel.ThingNotFound("x"), ExitCode.NOT_FOUND),
        (kernel.AlreadyExists("x"), ExitCode.REFUSED),
        (kernel.UniqueViolation("x"), ExitCode.REFUSED),
        (kernel.CorruptFile("x"), ExitCode.REFUSED),
        (serving.UnprotectedListener("x"), ExitCode.REFUSED),
        (errors.UsageError("x"), ExitCode.USAGE),
        (errors.NotInstalled("x"), ExitCode.NOT_FOUND),
        (errors.Refused("x"), ExitCode.REFUSED),
    ],
)
def test_each_error_has_its_exit_code(error: Exception, code: ExitCode) -> None:
    assert exit_code_of(error) == code


def test_the_kernel_errors_with_codes_of_their_own_exist() -> None:
    assert all(issubclass(getattr(kernel, name), kernel.DotdoError) for name in errors._CODES)
