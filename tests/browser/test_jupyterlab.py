"""JupyterLab, as a user runs it: the map of the first notebook is drawn, without a network."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import copy_without_cases

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "screenshots"
START_SECONDS, RUN_SECONDS = 90, 180
_DRAWN = """() => {
    const shapes = document.querySelectorAll(".leaflet-container svg path").length;
    const inked = [...document.querySelectorAll(".leaflet-container canvas")].some(canvas => {
        if (!canvas.width || !canvas.height) return false;
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 3; i < data.length; i += 4) if (data[i]) return true;
        return false;
    });
    return shapes >= 10 || inked;
}"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Serve a copy of the notebooks, so that autosave leaves the repository alone."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("jupyterlab is not installed: the notebook was not tried in it")
    home = tmp_path / "城市"
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns(".*"))
    copy_without_cases(home / "data" / "shapefiles")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        f"--ServerApp.root_dir={home / 'notebooks'}",
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={token}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        ),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **{
            f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower())
            for kind in ("CONFIG", "DATA", "RUNTIME")
        },
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = '{"fetchNews": "false", "checkForUpdates": false}'
    (settings / "notification.jupyterlab-settings").write_text(quiet, encoding="utf-8")
    log = tmp_path / "lab.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_up(server, f"{address}/api?token={token}", log)
        yield f"{address}/lab/tree/01_quickstart.ipynb?token={token}"
    finally:
        # Asked first, so that it ends its kernels.
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _open(address: str):
    """Ask the server itself, whatever proxy the environment names."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return direct.open(address, timeout=5)


def _wait_for_kernel(page, lab: str) -> None:
    parts = urlsplit(lab)
    address = f"{parts.scheme}://{parts.netloc}/api/kernels?{parts.query}"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        # A kernel that begins as the list is made has no state yet, which the server calls an
        # error of its own.
        kernels = []
        with suppress(urllib.error.HTTPError), _open(address) as answer:
            kernels = json.load(answer)
        if any(k["execution_state"] == "idle" and k["connections"] for k in kernels):
            return
        # Not time.sleep: requests of the page are answered while Playwright waits.
        page.wait_for_timeout(300)
    pytest.fail("JupyterLab started no kernel for the notebook")


def _wait_until_up(server: subprocess.Popen, address: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            _open(address).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def test_jupyterlab_draws_the_maps_of_the_quickstart_without_a_network(lab, chromium):
    asked = []

    def local_only(route) -> None:
        host = urlsplit(route.request.url).hostname
        if host in (None, "127.0.0.1", "localhost"):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    context.route("**/*", local_only)
    page = context.new_page()
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        page.goto(lab, timeout=START_SECONDS * 1000)
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=START_SECONDS * 1000)
        # Without a kernel, running would open a dialog that asks for one.
        _wait_for_kernel(page, lab)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        iframes = page.locator(".jp-OutputArea-output iframe")
        iframes.nth(1).wait_for(state="attached", timeout=RUN_SECONDS * 1000)
        assert iframes.count() == 2
        for number in range(2):
            iframes.nth(number).scroll_into_view_if_needed()
            frame = iframes.nth(number).element_handle().content_frame()
            frame.wait_for_selector("html[data-ready=true]", state="attached", timeout=60_000)
            frame.wait_for_function(_DRAWN, timeout=60_000)
            page.screenshot(path=PICTURES / f"jupyterlab_{number + 1}.png")
        assert page.locator(".jp-OutputArea-output[data-mime-type*=error]").count() == 0
        assert asked == []
    except BaseException:
        page.screenshot(path=PICTURES / "jupyterlab_failed.png")
        raise
    finally:
        context.close()
