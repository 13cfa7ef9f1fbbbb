"""Events out of the log: handlers, durable consumers, domain events."""

from dotdo.events.consumers import Consumer
from dotdo.events.event import Event, EventReader, Pattern, emit
from dotdo.events.subscriptions import On, Subscriptions

__all__ = ["Consumer", "Event", "EventReader", "On", "Pattern", "Subscriptions", "emit"]
