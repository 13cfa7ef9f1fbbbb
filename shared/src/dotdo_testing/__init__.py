"""What several packages' tests share: conformance cases, their targets, and the repository's folders."""

from dotdo_testing.case import Case, Target
from dotdo_testing.corpora import corpora, corpus
from dotdo_testing.suite import Conform, Suite

__all__ = ["Case", "Conform", "Suite", "Target", "corpora", "corpus"]
