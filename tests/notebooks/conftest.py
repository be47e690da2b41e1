"""A kernel that cannot reach the network, and what it tried."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# Python imports sitecustomize before anything else, so nothing gets by it.
_SITECUSTOMIZE = """
    import os
    import socket

    _LOCAL = ("127.", "::1", "localhost", "0.0.0.0")

    def _guard(name):
        plain = getattr(socket.socket, name)

        def guarded(self, *args):
            address = args[-1]
            if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
                with open(os.environ["NETWORK_ATTEMPTS"], "a", encoding="utf-8") as file:
                    file.write(f"{name} {address}\\n")
                raise PermissionError(f"the network is off: {address}")
            return plain(self, *args)

        setattr(socket.socket, name, guarded)

    for _name in ("connect", "connect_ex", "sendto"):
        _guard(_name)
"""


@dataclass
class Kernel:
    """Runs notebooks with the network off."""

    environment: dict[str, str]
    attempts: Path

    def run(self, notebook: Any, folder: Path) -> Any:
        from nbclient import NotebookClient

        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        return client.execute(env=self.environment)

    def tried(self) -> str:
        return self.attempts.read_text(encoding="utf-8") if self.attempts.exists() else ""


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    pytest.importorskip("nbclient", reason="nbclient is not installed: notebooks were not run")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: notebooks were not run")
    offline = tmp_path / "offline"
    offline.mkdir()
    (offline / "sitecustomize.py").write_text(textwrap.dedent(_SITECUSTOMIZE), encoding="utf-8")
    attempts = tmp_path / "attempts.txt"
    path = os.pathsep.join([str(offline), str(ROOT), os.environ.get("PYTHONPATH", "")])
    nowhere = "http://127.0.0.1:9"
    environment = {
        **os.environ,
        "PYTHONPATH": path.rstrip(os.pathsep),
        "NETWORK_ATTEMPTS": str(attempts),
        # Libraries below Python, GDAL and PROJ among them, ask these.
        "PROJ_NETWORK": "OFF",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    return Kernel(environment, attempts)
