"""Parse, bind, run: one declaration and one function per command; it refuses I/O, clock and globals.

The contract between the rooms:

- A door (client or server) makes one `Engine`, gives it a clock, randomness and a lock, asks it for a
  `ClientState` per connection by `engine.connect(sink)`, and calls `engine.execute(client, words)` with the
  words of a command as bytes. What comes back is a reply (`dotdo_redis.mapping.replies`), never raised: an
  error is an instance of `dotdo_redis.errors.ReplyError`. `Push` messages go to the client's `sink`.
- A command that has to wait gives a `Blocked`. The door sets `on_done`, looks at `done` once more, and calls
  `engine.time_out(blocked)` after `timeout_ms` (None: never), or `engine.disconnect(client)` when its peer goes.
- A command is a function `fn(ctx, args) -> Reply` (args: the words after the name, and after the subcommand)
  declared on its module's `Family`; `engine.registry.FAMILIES` lists the families. It raises errors. Arity,
  flags and keys are in `spec`.
- A function that writes calls `ctx.changed(key, event, class)` once per change: WATCH, client tracking, waiting
  clients, keyspace notifications and what is dirty follow from it. What is logged is the call itself, unless
  `ctx.log(...)` gave commands with the same effect whatever the clock, the randomness and the waiting were.
- `engine.tick()` is called by the door now and then: active expiry of keys and fields.
"""

from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.clients import ClientState
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.core import Engine

__all__ = ["Blocked", "ClientState", "Context", "Engine"]
