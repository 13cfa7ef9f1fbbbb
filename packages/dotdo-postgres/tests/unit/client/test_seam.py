"""The supported versions of psycopg, and the copies of its functions."""

import pytest

from dotdo_postgres.client import seam


@pytest.mark.parametrize("version", ["3.3.4", "3.3.9", "3.3.10"])
def test_supported_versions_are_accepted(version: str) -> None:
    seam.require_supported(version)


@pytest.mark.parametrize("version", ["3.2.9", "3.3.3", "3.4", "3.4.0", "4.0.0"])
def test_other_versions_are_refused_with_the_range_named(version: str) -> None:
    with pytest.raises(ImportError, match=rf">=3.3.4,<3.4; psycopg {version} is installed"):
        seam.require_supported(version)


def test_a_relinked_function_uses_the_other_object_and_the_original_does_not() -> None:
    def original() -> object:
        return pytest

    copy = seam.relink(original, pytest="another")
    assert copy() == "another"
    assert original() is pytest
    assert copy.__name__ == "original"


def test_a_name_that_the_function_no_longer_has_is_refused() -> None:
    def function() -> None: ...

    with pytest.raises(ImportError, match="function no longer uses gone"):
        seam.relink(function, gone=1)
