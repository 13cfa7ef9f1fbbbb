"""The error tree of Template."""

import dotdo_template


def test_the_root_class_is_on_the_surface() -> None:
    assert issubclass(dotdo_template.TemplateError, Exception)
