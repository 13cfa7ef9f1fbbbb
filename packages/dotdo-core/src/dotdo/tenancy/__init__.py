"""Where tenants live, what their names mean, and what is open."""

from dotdo.tenancy.default import default_home
from dotdo.tenancy.home import Home
from dotdo.tenancy.opening import connect
from dotdo.tenancy.references import Moment, Reference, parse_moment, parse_reference
from dotdo.tenancy.tenant import Tenant, open_tenant

__all__ = [
    "Home",
    "Moment",
    "Reference",
    "Tenant",
    "connect",
    "default_home",
    "open_tenant",
    "parse_moment",
    "parse_reference",
]
