"""Where tenants live, what their names mean, and what is open."""

from dotdo.tenancy.default import connect, default_home
from dotdo.tenancy.home import Home
from dotdo.tenancy.references import Moment, Reference, parse_moment, parse_reference

__all__ = ["Home", "Moment", "Reference", "connect", "default_home", "parse_moment", "parse_reference"]
