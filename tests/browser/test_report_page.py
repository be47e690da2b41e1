"""The report's page and map as they are opened by double click: no network, no complaint."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

import geo_citymgmt as gcm
from geo_citymgmt.report import summary, write_report
from geo_citymgmt.report._page import render_page
from tests.report.conftest import bikes, write, zones

pytestmark = pytest.mark.xdist_group("report-page")


@pytest.fixture(scope="module", params=["zh", "en"])
def lang(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(lang, sample_report) -> Path:
    return sample_report(lang)


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


def test_the_page_opens_without_a_network_and_fits(folder, visit):
    page, wrong = visit(folder / "index.html", 1280)
    assert page.locator(".card").count() >= 8
    assert page.locator("svg.pace").count() >= 6
    # Styles came through the content policy.
    assert page.evaluate("getComputedStyle(document.querySelector('header')).color") == (
        "rgb(255, 255, 255)"
    )
    for width in (1280, 768, 390, 360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.evaluate(
            """[...document.querySelectorAll('body *')].filter(e => e.firstChild &&
               [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) &&
               !e.closest('svg') && parseFloat(getComputedStyle(e).fontSize) < 12).length"""
        )
        assert (width, small) == (width, 0)
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


@pytest.fixture(scope="module")
def wrong_codes(tmp_path_factory) -> dict[str, Path]:
    """A page in each language on a source with an error of every record, by language."""
    source = tmp_path_factory.mktemp("wrong") / "c"
    write(zones(), source, "districts")
    states = ["a code that nobody has heard of", "another one of the same kind"] * 4
    holes = bikes([""] * 8, manhole_id=[f"M{k}" for k in range(8)], status=states)
    write(holes.drop(columns="name"), source, "manholes")
    city = gcm.load_city(source)
    files = {lang: source.parent / f"{lang}.html" for lang in ("zh", "en")}
    for lang, file in files.items():
        file.write_text(render_page(summary(city, lang=lang)), encoding="utf-8")
    return files


#: Each cell of a table with a sentence: how wide it is, in how many lines, how many letters.
CELLS = """() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  return [...document.querySelectorAll("tbody td")].filter(one =>
    one.offsetParent && one.textContent.trim().length > 40).map(one => {
      const text = document.createRange();
      text.selectNodeContents(one);
      const lines = [...text.getClientRects()].map(box => Math.round(box.top / 4));
      return { width: one.getBoundingClientRect().width, letters: one.textContent.trim().length,
               lines: new Set(lines).size, text: one.textContent.slice(0, 40) };
    });
}"""


def test_a_sentence_in_a_table_has_the_width_of_a_telephone(folder, lang, wrong_codes, visit):
    for file in (folder / "index.html", wrong_codes[lang]):
        page, wrong = visit(file, 320)
        for width in (320, 390):
            page.set_viewport_size({"width": width, "height": 900})
            cells = page.evaluate(CELLS)
            assert cells or file.parent == folder
            narrow = [
                c for c in cells if c["width"] < width * 0.6 or c["letters"] < 10 * c["lines"]
            ]
            assert narrow == []
            boxes = page.eval_on_selector_all(
                ".findings .message",
                """all => all.map(one => one.getBoundingClientRect())
                    .map(({ x, width }) => [x, width])""",
            )
            for left, across in boxes:
                assert across > width * 0.75 and left >= 0 and left + across < width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert wrong == []


def test_rows_that_are_blocks_say_the_head_of_each_cell_and_sort_all_the_same(folder, visit):
    page, _ = visit(folder / "index.html", 768)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    heads = page.evaluate(
        """() => [...document.querySelectorAll("table.stacks")].map(table => {
          const plain = text => (text || "").replace(/\\W/g, "");
          const names = [...table.tHead.rows[0].cells].map(one => plain(one.textContent));
          return [...table.tBodies[0].rows[0].cells].map((cell, k) => [names[k],
            plain(cell.dataset.head), cell.matches("th, .message, :first-child")]);
        })"""
    )
    assert len(heads) >= 4
    for name, label, is_plain in (cell for table in heads for cell in table):
        assert is_plain or label == name
    head = page.locator("table.ledger thead button").nth(2)
    walked = page.locator("table.ledger tbody tr td:nth-child(3)")
    # Largest first, then the other way round, then as they were before.
    for width, reverse, clicks in ((768, True, 1), (390, False, 1), (320, True, 2)):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(clicks):
            head.click()
        numbers = [int(text.replace(",", "")) for text in walked.all_text_contents()]
        assert numbers == sorted(numbers, reverse=reverse), width


#: What stands where a task is chosen, after each choice: names, whether all is seen, boxes.
PICKED = """() => {
    const pick = document.getElementById('pick'), shown = document.querySelector('.picked > span');
    const box = one => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return { x, y, width, height };
    };
    return [...pick.options].map(option => {
        pick.value = option.value;
        pick.dispatchEvent(new Event('input', { bubbles: true }));
        pick.dispatchEvent(new Event('change', { bubbles: true }));
        const tasks = [...document.querySelectorAll('.task')]
            .filter(one => one.getClientRects().length);
        return { names: tasks.map(one => one.getAttribute('aria-label')), text: shown.textContent,
            whole: shown.scrollWidth <= shown.clientWidth
                && shown.scrollHeight <= shown.clientHeight,
            box: box(shown), held: box(pick) };
    });
}"""


def test_the_name_of_the_chosen_task_is_read_whole(folder, visit):
    page, _ = visit(folder / "index.html", 320)
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 900})
        picked = page.evaluate(PICKED)
        names = [name for each in picked for name in each["names"]]
        assert len(set(names)) == len(picked) > 10
        for name, each in zip(names, picked, strict=True):
            assert name in each["text"] and each["whole"], name
            box = each["box"]
            assert box == each["held"]
            assert box["height"] >= 44 and box["x"] + box["width"] <= width


#: How far right of its fold a head, and what is said of it, begins; lines of a need's label.
HEADS = """() => [...document.querySelectorAll('summary > *')]
    .filter(one => one.offsetParent)
    .map(one => [one, one.parentElement].map(box => box.getBoundingClientRect().left))
    .map(([own, fold]) => own - fold)"""
LABELS = """() => [...document.querySelectorAll('.needs dt')].filter(one => one.offsetParent)
    .map(one => Math.round(one.getBoundingClientRect().height
        / parseFloat(getComputedStyle(one).lineHeight)))"""


def test_a_long_head_stands_beside_its_mark_and_a_long_label_over_its_number(folder, visit):
    page, _ = visit(folder / "index.html", 1920)
    for width in (1920, 1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        heads = page.evaluate(HEADS)
        assert len(heads) > 10 and min(heads) > 20, width
        labels = page.evaluate(LABELS)
        assert len(labels) >= 3 and max(labels) <= 2, width
