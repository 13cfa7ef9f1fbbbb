"""pymongo's Cursor, which takes the short way for a plain query whose result is one batch."""

from typing import Any

from pymongo.synchronous.cursor import Cursor as DriverCursor

from dotdo_mongo.client.hot import Detour, direct_to
from dotdo_mongo.client.seam import bson_to_dict, engine_form, is_plain_query, take_result

_FIRST_BATCH = 101


class Cursor(DriverCursor[Any]):
    """A cursor; see pymongo."""

    def _refresh(self) -> int:
        if self._id is None and not self._killed and not self._data and is_plain_query(self):
            found = self._directly()
            if found is not None:
                options = self._codec_options
                take_result(self, [bson_to_dict(data, options) for data in found])
                return len(found)
        return super()._refresh()

    def _directly(self) -> list[bytes] | None:
        direct = direct_to(self._collection)
        limit = abs(self._limit)
        if direct is None or limit > _FIRST_BATCH:
            return None
        asked = {
            "filter": self._spec,
            "sort": self._ordering or {},
            "projection": self._projection,
            "skip": self._skip,
            "limit": limit,
        }
        try:
            return direct.find(engine_form(asked, self._codec_options), _FIRST_BATCH)
        except Detour:
            return None
