"""The page of a report: what folds opens where it is asked for, and tables sort by their heads."""

from __future__ import annotations

import pytest

from tests.browser.conftest import ONE_LANGUAGE
from tests.browser.waiting import comes_to, laid_out

pytestmark = pytest.mark.xdist_group("report-page")

SHUT = "[...document.querySelectorAll('details')].filter(one => !one.open).length"


@pytest.mark.parametrize(("width", "screens"), [(1280, 5), (768, 6), (390, 8)])
def test_folded_the_page_is_a_few_screens(page_file, visit, width, screens):
    page = visit(page_file, width)
    assert page.evaluate("document.documentElement.scrollHeight") <= screens * 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.wrong == []


def test_each_section_folds_into_one_line_and_opens_by_the_keyboard(page_file, visit):
    page = visit(page_file)
    summaries = page.locator("section > details > summary")
    assert summaries.count() >= 12
    for k in range(summaries.count()):
        assert summaries.nth(k).bounding_box()["height"] < 50
    head = page.locator("#outlook summary")
    table = page.locator("#outlook table")
    table.wait_for(state="hidden")
    head.focus()
    page.keyboard.press("Enter")
    table.wait_for()
    page.keyboard.press("Enter")
    table.wait_for(state="hidden")


@ONE_LANGUAGE
def test_the_head_of_an_open_section_stays_in_sight(page_file, visit):
    page = visit(page_file, anchor="#scoreboard")
    page.locator("#scoreboard tbody").nth(3).scroll_into_view_if_needed()
    page.mouse.wheel(0, 900)
    head = page.locator("#scoreboard > details > summary")
    comes_to(page, lambda: abs(head.bounding_box()["y"]) < 1, True)
    # Folded from there, the reader is where the section was, not somewhere below.
    head.click()
    laid_out(page)
    comes_to(page, lambda: -1 <= page.locator("#scoreboard").bounding_box()["y"] < 800, True)


@ONE_LANGUAGE
def test_an_anchor_opens_what_holds_it(page_file, visit):
    for anchor, inside in (("#ledger", ".ledger"), ("#reported", "#reported table")):
        page = visit(page_file, anchor=anchor)
        page.locator(inside).first.wait_for()
        assert page.locator(anchor).bounding_box()["y"] < 800
    page = visit(page_file)
    page.locator(".ledger").wait_for(state="hidden")
    for _ in range(2):
        page.click(".data a[href='#ledger']")
        page.locator(".ledger").wait_for()
        page.locator("#quality > details > summary").click()
        page.locator(".ledger").wait_for(state="hidden")


@ONE_LANGUAGE
def test_all_unfold_and_fold_by_one_button(page_file, visit):
    page = visit(page_file)
    button = page.locator("#unfold")
    first = button.inner_text()
    button.click()
    assert page.evaluate(SHUT) == 0
    assert button.inner_text() != first
    button.click()
    assert page.locator("section > details[open]").count() == 0
    assert button.inner_text() == first


@ONE_LANGUAGE
def test_printed_what_paper_needs_is_open_and_afterwards_as_it_was(page_file, visit):
    page = visit(page_file)
    before = page.evaluate(SHUT)
    assert before > 12
    page.evaluate("""addEventListener('beforeprint', () => {
        window.printed = [...document.querySelectorAll('details')]
            .filter(one => one.open).map(one => one.closest('section').id);
    })""")
    page.pdf(prefer_css_page_size=True)
    assert page.evaluate("window.printed") == [
        "cases", "targets", "scoreboard", "outlook", "assessment",
    ]  # fmt: skip
    assert page.evaluate(SHUT) == before
    # A box of its own would be empty where a head stands again on the next sheet.
    page.emulate_media(media="print")
    head = page.locator("thead button").first
    assert head.evaluate("e => getComputedStyle(e).display") == "contents"


@ONE_LANGUAGE
def test_without_script_all_can_be_opened_and_no_head_pretends_to_sort(page_file, visit):
    page = visit(page_file, java_script_enabled=False)
    assert page.locator("thead button").count() == 0
    page.locator("#unfold").wait_for(state="hidden")
    page.click("#outlook summary")
    page.locator("#outlook table").wait_for()
    assert page.wrong == []


def column(page, table: str, k: int) -> list[str]:
    """The texts of a column, from top to bottom."""
    return page.eval_on_selector(
        table,
        """(table, k) => [...table.tBodies].flatMap(body => [...body.rows])
            .filter(row => row.cells.length > 1)
            .map(row => { const cell = row.cells[k];
                return (cell.querySelector('.cell-value') || cell).textContent.trim(); })""",
        k,
    )


def numbers(texts: list[str]) -> list[float]:
    return [float(t.replace("−", "-").replace(",", "").rstrip("%")) for t in texts if t != "–"]


@ONE_LANGUAGE
def test_a_head_sorts_by_number_and_back_to_the_order_of_the_page(page_file, visit):
    page = visit(page_file, anchor="#targets")
    heads = page.locator(".aims th[scope=col]")
    own = column(page, ".aims", 0)
    for k, state in ((3, "descending"), (3, "ascending"), (3, None), (4, "descending")):
        heads.nth(k).locator("button").click()
        assert heads.nth(k).get_attribute("aria-sort") == state
        shown = column(page, ".aims", k)
        if state is None:
            assert column(page, ".aims", 0) == own
            continue
        found = numbers(shown)
        assert len(found) > 5
        assert found == sorted(found, reverse=state == "descending")
        # What is missing is last either way.
        assert shown[len(found) :] == ["–"] * (len(shown) - len(found))
    # One column sorts at a time, and says so by a mark that can be seen.
    assert page.locator(".aims [aria-sort]").count() == 1
    marks = [
        heads.nth(k).evaluate("e => getComputedStyle(e.querySelector('.sort'), '::after').content")
        for k in (3, 4)
    ]
    assert marks == ['"⇅"', '"▼"']


@ONE_LANGUAGE
def test_a_head_sorts_by_enter_and_texts_stand_as_on_the_page(page_file, visit):
    page = visit(page_file, anchor="#targets")
    button = page.locator(".aims th[scope=col]").nth(5).locator("button")
    # As the page has the states: behind first.
    order = list(dict.fromkeys(column(page, ".aims", 5)))
    button.focus()
    page.keyboard.press("Enter")
    assert list(dict.fromkeys(column(page, ".aims", 5))) == order
    page.keyboard.press("Enter")
    assert list(dict.fromkeys(column(page, ".aims", 5))) == order[::-1]


def test_numbers_of_two_sizes_and_days_sort_as_what_they_are(page_file, visit):
    page = visit(page_file, anchor="#targets")
    page.locator(".aims th[scope=col]").nth(1).locator("button").click()
    first = column(page, ".aims", 1)[0]
    # 350.3万平方米 is more than 4,490个, 3.503 million than 8,777.
    assert first in ("350.3万平方米", "3.503\u00a0million\u00a0m²")
    page.locator(".aims th[scope=col]").nth(6).locator("button").click()
    days = column(page, ".aims", 6)
    assert len(set(days)) > 1
    assert days == sorted(days, reverse=True)


@ONE_LANGUAGE
def test_districts_sort_within_their_group_and_totals_stay(page_file, visit):
    page = visit(page_file, anchor="#scoreboard")
    table = "#scoreboard .board"
    before = column(page, table, 0)
    page.locator(table).first.locator("th[scope=col]").nth(1).locator("button").click()
    after = column(page, table, 0)
    assert after != before
    fixed = [k for k, name in enumerate(before) if name == after[k]]
    # Subtotals of six and four districts, and the total below them.
    assert {6, 11, len(before) - 1} <= set(fixed)
    assert sorted(after[:6]) == sorted(before[:6])
    assert sorted(after[7:11]) == sorted(before[7:11])
    values = numbers(column(page, table, 1))
    assert values[:6] == sorted(values[:6], reverse=True)
    assert values[7:11] == sorted(values[7:11], reverse=True)


@ONE_LANGUAGE
def test_every_table_of_more_than_a_row_sorts(page_file, visit):
    page = visit(page_file)
    plain = page.evaluate("""[...document.querySelectorAll('table')].filter(table =>
        table.querySelectorAll('thead button').length !== table.tHead.rows[0].cells.length &&
        [...table.tBodies].some(body => [...body.rows].filter(row =>
            !/group|total|margin/.test(row.className)).length > 1)).length""")
    assert page.locator("table").count() > 20
    assert plain == 0
    # Every row is there after every head was pressed twice.
    others = page.locator("table:not(.case-table) tbody tr")
    rows = others.count()
    page.evaluate("""for (const button of document.querySelectorAll('thead button')) {
        button.click(); button.click(); }""")
    assert others.count() == rows
    assert page.wrong == []
