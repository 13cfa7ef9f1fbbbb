"""The log and what it makes possible: versions, the past, branches, merges, forgetting, copies."""

from dotdo.history.branching import Origin, begin_branch, begin_tenant, origin_of
from dotdo.history.conflicts import Conflict, Policy
from dotdo.history.entries import Entry, Reader, entries
from dotdo.history.merging import Merge, Merger, differences
from dotdo.history.net import Difference
from dotdo.history.past import PastStore
from dotdo.history.replication import Batch, ReplicatedEntry, apply_batch, batches, promote
from dotdo.history.retention import compact, prune
from dotdo.history.rewind import rewind
from dotdo.history.transactions import Transaction, head, position_of, transactions
from dotdo.history.versions import Version, versions

__all__ = [
    "Batch",
    "Conflict",
    "Difference",
    "Entry",
    "Merge",
    "Merger",
    "Origin",
    "PastStore",
    "Policy",
    "Reader",
    "ReplicatedEntry",
    "Transaction",
    "Version",
    "apply_batch",
    "batches",
    "begin_branch",
    "begin_tenant",
    "compact",
    "differences",
    "entries",
    "head",
    "origin_of",
    "position_of",
    "promote",
    "prune",
    "rewind",
    "transactions",
    "versions",
]
