"""Real services for tests, each on a spare loopback port with private data; never one that was already running."""

from dotdo_testing.services.fleet import STARTERS, Fleet
from dotdo_testing.services.process import Instance, ServiceError

__all__ = ["STARTERS", "Fleet", "Instance", "ServiceError"]
