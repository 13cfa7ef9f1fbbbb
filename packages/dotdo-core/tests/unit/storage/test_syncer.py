"""Durability `everysec`."""

from pathlib import Path

from dotdo.storage import Store, create_file
from dotdo.storage.syncer import Syncer


def test_a_log_is_synced_once_for_each_time_it_grew(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    create_file(path)
    store = Store(path, durability="everysec")
    session = store.session()
    syncer = Syncer(period_s=3600)
    syncer.add(path)
    session.next_number("tickets")
    assert syncer.sync() == 1
    assert syncer.sync() == 0
    session.next_number("tickets", 5_000)
    assert syncer.sync() == 1
    syncer.stop()
    store.close()


def test_a_file_that_was_never_written_or_is_gone_needs_no_sync(tmp_path: Path) -> None:
    syncer = Syncer(period_s=3600)
    syncer.add(str(tmp_path / "none.db"))
    assert syncer.sync() == 0
    syncer.stop()
