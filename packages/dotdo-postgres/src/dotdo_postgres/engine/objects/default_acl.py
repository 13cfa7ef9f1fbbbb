"""What ALTER DEFAULT PRIVILEGES lets a new object begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.acl import Items, default_items, granted, read_items
from dotdo_postgres.engine.objects.kept import facts_of

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.collected import Objects
    from dotdo_postgres.engine.objects.grantable import Grantable


def granted_by_default(objects: Objects, target: Grantable, schema: str) -> Items | None:
    """Return what is granted on a new object, None when PostgreSQL's own defaults hold."""
    if not objects.default_acls:
        return None
    found = [objects.default_acls.get((target.owner, place, target.kind)) for place in ("", schema)]
    if found == [None, None]:
        return None
    own = default_items(target.kind, target.owner)
    items = own if found[0] is None else read_items(facts_of(found[0])["acl"]) or ()
    if schema and found[1] is not None:
        for item in read_items(facts_of(found[1])["acl"]) or ():
            items = granted(items, item.grantor, item.grantee, item.held, with_option=False)
            items = granted(items, item.grantor, item.grantee, item.options, with_option=True)
    return None if items == own else items
