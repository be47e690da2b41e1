"""A kernel that cannot reach the network, and what it tried."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
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


#: What one notebook left does not reach the next: names, figures, warnings that are given once.
_FORGET = """
    %reset -f
    import warnings as _warnings
    import matplotlib.pyplot as _plt
    with _warnings.catch_warnings():
        pass
    _plt.close("all")
    _plt.rcdefaults()
    del _plt, _warnings
"""


class Kernel:
    """Runs one notebook after another in one kernel with the network off.

    To start one, and to import in it what all of them import, costs more than most notebooks do.
    """

    def __init__(self, environment: dict[str, str], attempts: Path) -> None:
        from nbclient import NotebookClient
        from nbformat import v4

        self._environment, self._attempts, self._v4 = environment, attempts, v4
        self._client = NotebookClient(
            v4.new_notebook(),
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": str(ROOT / "notebooks")}},
        )

    def run(self, notebook: Any) -> Any:
        forget = self._v4.new_code_cell(textwrap.dedent(_FORGET))
        self._execute(self._v4.new_notebook(cells=[forget]))
        self._attempts.unlink(missing_ok=True)
        return self._execute(notebook)

    def _execute(self, notebook: Any, last: bool = False) -> Any:
        self._client.nb = notebook
        return self._client.execute(env=self._environment, cleanup_kc=last)

    def tried(self) -> str:
        """What the notebook that ran last asked of the network."""
        return self._attempts.read_text(encoding="utf-8") if self._attempts.exists() else ""

    def close(self) -> None:
        self._execute(self._v4.new_notebook(), last=True)


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    pytest.importorskip("nbclient", reason="nbclient is not installed: notebooks were not run")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: notebooks were not run")
    home = tmp_path_factory.mktemp("kernel")
    offline = home / "offline"
    offline.mkdir()
    (offline / "sitecustomize.py").write_text(textwrap.dedent(_SITECUSTOMIZE), encoding="utf-8")
    attempts = home / "attempts.txt"
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
        "IPYTHONDIR": str(home / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    made = Kernel(environment, attempts)
    yield made
    made.close()
