"""The report's page and map as they are opened by double click: no network, no complaint."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.report import write_report

pytestmark = pytest.mark.xdist_group("report-page")


@pytest.fixture(scope="module", params=["zh", "en"])
def folder(request, sample_report) -> Path:
    return sample_report(request.param)


@pytest.fixture
def visit(pages):
    def opened(target: Path, width: int):
        wrong: list[str] = []

        def asked(request) -> None:
            if not request.url.startswith("file:"):
                wrong.append(request.url)

        heard = {
            "console": lambda message: wrong.append(message.text),
            "pageerror": lambda error: wrong.append(str(error)),
            "dialog": lambda dialog: wrong.append(dialog.message),
            "request": asked,
        }
        page = pages(width, 900, heard=heard, locale="zh-CN")
        page.goto(target.as_uri())
        return page, wrong

    return opened


@pytest.mark.parametrize("width", [1280, 768, 390, 360, 320])
def test_the_page_opens_without_a_network_and_fits(folder, visit, width):
    page, wrong = visit(folder / "index.html", width)
    assert page.locator(".card").count() >= 8
    assert page.locator("svg.pace").count() >= 6
    # Styles came through the content policy.
    assert page.evaluate("getComputedStyle(document.querySelector('header')).color") == (
        "rgb(255, 255, 255)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """[...document.querySelectorAll('body *')].filter(e => e.firstChild &&
           [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) &&
           !e.closest('svg') && parseFloat(getComputedStyle(e).fontSize) < 12).length"""
    )
    assert small == 0
    assert wrong == []


def test_the_links_lead_to_files_of_the_report(folder, visit):
    page, wrong = visit(folder / "index.html", 1280)
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    for link in links:
        if link.startswith("data:image/png;base64,"):
            assert b64decode(link.partition(",")[2]).startswith(b"\x89PNG")
        elif link.startswith("#"):
            assert page.locator(f"[id='{link[1:]}']").count() == 1
        else:
            assert (folder / link).is_file()
    page.click("a[href='map.html']")
    page.wait_for_selector("html[data-ready=true]", timeout=30_000)
    assert wrong == []


def test_hostile_text_does_not_run(hostile, visit, tmp_path):
    out = tmp_path / "out"
    write_report(gcm.load_city(hostile), out)
    for name in ("index.html", "map.html"):
        page, wrong = visit(out / name, 1280)
        page.wait_for_load_state("load")
        assert wrong == []
    page, _ = visit(out / "index.html", 390)
    page.click("#unfold")
    assert "<img src=x onerror=alert(1)>" in page.inner_text("body")


#: What is left of A4 between the margins, at 96 pixels to the inch; turned sideways in English.
PAGE, SIDEWAYS = 687, 1016
#: Tables wider than their page, and words, numbers and dates that two lines share. Chinese heads
#: and sentences may part anywhere, and an English compound at its hyphen.
ILL_PRINTED = """([upright, sideways]) => {
    const found = [], range = document.createRange();
    const english = document.documentElement.lang.startsWith('en');
    const wide = ['scoreboard', 'assessment'];
    for (const section of document.querySelectorAll('section')) {
        const turned = english && wide.includes(section.id);
        section.style.width = (turned ? sideways : upright) + 'px';
        const edge = section.getBoundingClientRect().right + 1;
        // What is folded is not printed.
        const printed = one => !one.closest('details:not([open])');
        for (const table of [...section.querySelectorAll('table')].filter(printed)) {
            if (table.getBoundingClientRect().right > edge) { found.push('wide: ' + section.id); }
        }
        for (const cell of [...section.querySelectorAll('td, th')].filter(printed)) {
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const text = texts.currentNode;
                for (const word of text.data.matchAll(/[\\p{L}\\p{N}.,%²+]+|\\d[\\d-]+\\d/gu)) {
                    const isText = cell.matches('th, .findings td');
                    if (isText && /\\p{Script=Han}/u.test(word[0])) { continue; }
                    range.setStart(text, word.index);
                    range.setEnd(text, word.index + word[0].length);
                    const lines = [...range.getClientRects()].map(line => Math.round(line.top));
                    if (new Set(lines).size > 1) { found.push(section.id + ': ' + word[0]); }
                }
            }
        }
    }
    return found;
}"""


def test_the_page_prints_with_every_table_on_its_page_and_no_number_parted(folder, visit):
    page, _ = visit(folder / "index.html", 1280)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open] table").count() > 5
    assert page.evaluate(ILL_PRINTED, [PAGE, SIDEWAYS]) == []
    assert len(page.pdf(prefer_css_page_size=True)) > 50_000
