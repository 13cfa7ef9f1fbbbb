from pathlib import Path

import pytest

from dotdo.serving import installed_protocols, protocol_names
from dotdo.serving.errors import ProtocolLoadError

MODULE = """
from dotdo.serving import Session, WireProtocol
protocol = WireProtocol("{name}", 4242, lambda context: Session())
other = 1
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    """Install a package with an entry point, as a wheel would."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module: str, entry: str, name: str) -> None:
        (tmp_path / f"{module}.py").write_text(MODULE.format(name=name))
        metadata = tmp_path / f"{module}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[dotdo.protocols]\n{entry}\n")

    return write


def test_an_installed_protocol_is_found(install):
    install("entry_good", "chat = entry_good:protocol", "chat")
    assert installed_protocols("chat")["chat"].default_port == 4242
    assert "chat" in protocol_names()


def test_what_is_not_asked_for_is_not_loaded(install):
    install("entry_missing", "broken = entry_missing:nothing", "chat")
    install("entry_good", "chat = entry_good:protocol", "chat")
    assert list(installed_protocols("chat")) == ["chat"]
    assert {"broken", "chat"} <= set(protocol_names())


def test_what_cannot_be_loaded_is_told(install):
    install("entry_missing", "chat = entry_missing:nothing", "chat")
    with pytest.raises(ProtocolLoadError, match="entry_missing:nothing"):
        installed_protocols("chat")


def test_what_is_no_protocol_is_told(install):
    install("entry_other", "chat = entry_other:other", "chat")
    with pytest.raises(ProtocolLoadError, match="is not the protocol"):
        installed_protocols("chat")


def test_a_name_taken_twice_is_told(install):
    install("entry_one", "chat = entry_one:protocol", "chat")
    install("entry_two", "chat = entry_two:protocol", "chat")
    with pytest.raises(ProtocolLoadError, match="two installed"):
        installed_protocols("chat")
