"""Counters and gauges of the host, per protocol, and their Prometheus text; no secrets, no payloads."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from dotdo.serving.session import CloseReason


@dataclass(slots=True)
class ProtocolMetrics:
    """What happened on one protocol since the host was made.

    Bytes are counted as they go over the socket, at the latest a second after they did.
    """

    open_connections: int = 0
    connections: int = 0
    requests: int = 0
    errors: int = 0
    faults: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    refused: Counter[CloseReason] = field(default_factory=Counter)
    closed: Counter[CloseReason] = field(default_factory=Counter)


_SERIES = (  # attribute, type, help
    ("open_connections", "gauge", "Connections open now."),
    ("connections", "counter", "Connections admitted."),
    ("requests", "counter", "Requests answered."),
    ("errors", "counter", "Requests answered with an error."),
    ("faults", "counter", "Connections ended by a fault of ours."),
    ("bytes_in", "counter", "Bytes received."),
    ("bytes_out", "counter", "Bytes sent."),
)
_BY_REASON = (
    ("refused", "Connections refused."),
    ("closed", "Connections ended."),
)


class Metrics(dict[str, ProtocolMetrics]):
    """Metrics of each protocol by its name."""

    def render(self) -> str:
        """Return all series in Prometheus' text format 0.0.4."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, kind, text in _SERIES:
            series = f"dotdo_{name}" + ("_total" if kind == "counter" else "")
            yield from (f"# HELP {series} {text}", f"# TYPE {series} {kind}")
            for protocol, metrics in sorted(self.items()):
                yield f'{series}{{protocol="{_escape(protocol)}"}} {getattr(metrics, name)}'
        for name, text in _BY_REASON:
            series = f"dotdo_connections_{name}_total"
            yield from (f"# HELP {series} {text}", f"# TYPE {series} counter")
            for protocol, metrics in sorted(self.items()):
                counts: Counter[CloseReason] = getattr(metrics, name)
                for reason, count in sorted(counts.items(), key=lambda item: item[0].value):
                    labels = f'protocol="{_escape(protocol)}",reason="{reason.value}"'
                    yield f"{series}{{{labels}}} {count}"


def _escape(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
