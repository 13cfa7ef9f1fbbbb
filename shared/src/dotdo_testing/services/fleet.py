"""The services that are up, remembered in a state file so that another process can find and stop them."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dotdo_testing.services.postgres import start_postgres
from dotdo_testing.services.process import Instance
from dotdo_testing.services.redis import start_redis

STARTERS: Mapping[str, Callable[[], Instance]] = {"postgres": start_postgres, "redis": start_redis}


class Fleet:
    """The real services recorded in one state file.

    Args:
        state: path of the file; its folder is created, the file is there while anything is up.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.instances = [Instance(**entry) for entry in self._read()]

    @classmethod
    def all_in(cls, folder: Path) -> list["Fleet"]:
        """Return the fleets whose state files lie in `folder`: ours and those of single runs."""
        return [cls(state) for state in sorted(folder.glob("services*.json"))]

    def up(self, names: Sequence[str] = tuple(STARTERS)) -> list[Instance]:
        """Start the named services that are not running and return those that were started.

        Raises:
            ServiceError: one could not be started; those before it stay up and recorded.
        """
        started = []
        for name in names:
            if not any(
                instance.name == name and instance.is_running for instance in self.instances
            ):
                instance = STARTERS[name]()
                started.append(instance)
                self._write([*(other for other in self.instances if other.name != name), instance])
        return started

    def down(self) -> list[Instance]:
        """Stop every recorded service and return them.

        Raises:
            ServiceError: one did not stop; it and those after it stay recorded.
        """
        stopped = list(self.instances)
        for instance in stopped:
            instance.stop()
            self._write([other for other in self.instances if other is not instance])
        return stopped

    @contextmanager
    def running(self, names: Sequence[str] = tuple(STARTERS)) -> Iterator[dict[str, str]]:
        """Yield the environment with the named services up.

        Those that are down are started for this call alone and stopped after it. They are recorded in
        a file of this process beside ours, so that a run that was killed leaves nothing untold.

        Raises:
            ServiceError: one could not be started or stopped.
        """
        up = {instance.name for instance in self.instances if instance.is_running}
        own = Fleet(self.state.with_name(f"services-{os.getpid()}.json"))
        try:
            own.up([name for name in names if name not in up])
            yield self.environment | own.environment
        finally:
            own.down()

    @property
    def environment(self) -> dict[str, str]:
        """The variables through which tests find the running services."""
        running = [instance for instance in self.instances if instance.is_running]
        return {name: url for instance in running for name, url in instance.environment.items()}

    def _read(self) -> list[dict[str, Any]]:
        return list(json.loads(self.state.read_text())) if self.state.exists() else []

    def _write(self, instances: list[Instance]) -> None:
        self.instances = instances
        if not instances:
            self.state.unlink(missing_ok=True)
            return
        self.state.parent.mkdir(parents=True, exist_ok=True)
        self.state.write_text(json.dumps([asdict(instance) for instance in instances], indent=2))
