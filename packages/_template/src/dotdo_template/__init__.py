"""Template on a dotdo tenant; it re-exports the client's surface and holds nothing of its own."""

from dotdo_template.errors import TemplateError

__version__ = "0.1.0"

__all__ = ["TemplateError", "__version__"]
