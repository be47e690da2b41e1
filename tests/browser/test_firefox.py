"""The main path through the page in Firefox ESR, by the protocol that it speaks itself.

Firefox is driven by WebDriver BiDi over a socket of its own: no driver of a certain version is
needed beside it.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("report-page")


class Firefox:
    """A headless Firefox with one window, and what it complained of."""

    def __init__(self, path: str, profile: Path) -> None:
        client = pytest.importorskip(
            "websocket", reason="websocket-client is not installed: Firefox was not tried"
        )
        # A proxy that is not there: whatever Firefox asks for by itself gets no answer.
        settings = {
            "browser.shell.checkDefaultBrowser": False, "network.proxy.type": 1,
            "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
            "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9,
            "browser.download.folderList": 2, "browser.download.dir": str(profile),
        }  # fmt: skip
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in settings.items()]
        (profile / "user.js").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.profile = profile
        self.process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", str(profile),
             "--remote-debugging-port", "0"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, encoding="utf-8",
        )  # fmt: skip
        address = next(
            found[1]
            for line in iter(self.process.stderr.readline, "")
            if (found := re.search(r"listening on (ws://\S+)", line))
        )
        self.socket = client.create_connection(
            f"{address}/session", timeout=60, suppress_origin=True
        )
        self.ids, self.complaints = itertools.count(1), []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: Any) -> Any:
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]
            event = answer.get("params", {})
            if answer.get("method") == "log.entryAdded" and event["level"] in ("error", "warn"):
                self.complaints.append(event["text"])
            url = event.get("request", {}).get("url", "")
            if url and not url.startswith(("file:", "blob:", "data:")):
                self.complaints.append(url)

    def open(self, page: Path, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.context, viewport=viewport)
        self.ask(
            "browsingContext.navigate", context=self.context, url=page.as_uri(), wait="complete"
        )

    def says(self, expression: str) -> Any:
        found = self.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value))",
            target={"context": self.context}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def click(self, selector: str) -> None:
        """Click in the middle of the first of these that is shown, as a person does."""
        x, y = self.says(
            f"""(() => {{ const shown = [...document.querySelectorAll({json.dumps(selector)})]
                .find(one => one.getClientRects().length);
                shown.scrollIntoView({{ block: 'center' }});
                const box = shown.getBoundingClientRect();
                return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
            }})()"""
        )
        press = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0},
                 {"type": "pointerUp", "button": 0}]  # fmt: skip
        self.act({"type": "pointer", "id": "mouse", "actions": press})

    def press(self, key: str) -> None:
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.act({"type": "key", "id": "keys", "actions": keys})

    def act(self, source: dict[str, Any]) -> None:
        self.ask("input.performActions", context=self.context, actions=[source])

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("no Firefox on the path: the page was not tried in it")
    browser = Firefox(path, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(params=["zh", "en"])
def opened(request, firefox, sample_report):
    firefox.complaints.clear()
    firefox.open(sample_report(request.param) / "index.html", 1280, 800)
    yield firefox
    assert firefox.complaints == []


SHOWN = "[...document.querySelectorAll('.task')].filter(one => one.getClientRects().length)"


def test_a_task_is_chosen_and_its_districts_are_lit_on_the_map(opened):
    assert opened.says(f"{SHOWN}.length") == 1
    before = opened.says(f"{SHOWN}[0].querySelector('.sentence').textContent")
    opened.click(".chooser label:nth-child(6)")
    after = opened.says(f"{SHOWN}[0].querySelector('.sentence').textContent")
    assert after != before
    assert opened.says("document.getElementById('said').textContent") == after
    # By the keyboard to the next one.
    opened.press("\ue015")
    assert opened.says(f"{SHOWN}[0].querySelector('.sentence').textContent") not in (before, after)
    opened.press("\ue013")
    opened.click(".task .ranks button")
    lit = opened.says(
        f"[...{SHOWN}[0].querySelectorAll('.lit')].map(one => one.tagName.toLowerCase())"
    )
    assert sorted(lit) == ["button", "use"]


def test_the_case_list_is_filtered_sorted_and_saved(opened):
    opened.click("details.cases > summary")
    rows = "[...document.querySelectorAll('#cases-1 tbody tr')].map(row => row.cells.length)"
    assert len(opened.says(rows)) == 50
    status = "document.querySelector('#cases-1 [role=status]').textContent"
    every = opened.says(status)
    opened.click("#cases-1 .filters input[type=checkbox]")
    assert opened.says(status) != every
    opened.click("#cases-1 thead th:nth-last-child(2) button")
    days = opened.says(
        "[...document.querySelectorAll('#cases-1 tbody tr')]"
        ".map(row => row.cells[row.cells.length - 2].textContent)"
    )
    assert days == sorted(days, reverse=True)
    opened.click("#cases-1 .save")
    for _ in range(100):
        saved = [file for file in opened.profile.glob("*.csv") if file.stat().st_size]
        if saved:
            break
        time.sleep(0.1)
    written = saved[0].read_bytes()
    saved[0].unlink()
    assert written.startswith(b"\xef\xbb\xbf")
    head, *lines = written.decode("utf-8-sig").splitlines()
    assert head.count(",") == lines[0].count('","')
    assert f"{len(lines):,}" in opened.says(status)


def test_folds_open_and_tables_sort(opened):
    opened.click("#outlook summary")
    assert opened.says("document.querySelector('#outlook table').getClientRects().length") == 1
    opened.click("#outlook thead th:nth-child(2) button")
    assert opened.says("document.querySelector('#outlook [aria-sort]').getAttribute('aria-sort')")


def test_the_page_fits_a_telephone(firefox, sample_report):
    firefox.complaints.clear()
    firefox.open(sample_report("zh") / "index.html", 390, 800)
    assert firefox.says("document.documentElement.scrollWidth") <= 390
    assert firefox.says("document.getElementById('pick').getClientRects().length") == 1
    assert firefox.complaints == []
