from __future__ import annotations

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_citymgmt._markup import escape_text, json_for_script, visible_text

from .conftest import PAYLOADS


@pytest.mark.parametrize("payload", PAYLOADS)
def test_escaped_text_holds_no_character_that_html_or_a_template_literal_acts_on(payload):
    escaped = escape_text(payload)
    assert not set("<>\"'`${}\\") & set(escaped)
    assert html.unescape(escaped) == visible_text(payload)


@given(st.text())
def test_escaping_loses_no_visible_text(text):
    assert html.unescape(escape_text(text)) == visible_text(text) or "\r" in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_for_script_cannot_end_the_script_it_stands_in(payload):
    text = json_for_script({payload: [payload]})
    assert not set("<>&'`\u2028\u2029\u202e") & set(text)
    assert json.loads(text)


def test_json_for_script_keeps_ordinary_text_and_numbers():
    value = {"名称": ["观前街 & 十全街", 1.5, None, True]}
    assert json.loads(json_for_script(value)) == value


def test_json_for_script_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="JSON"):
        json_for_script(float("nan"))


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\x00", "\ufeff"])
def test_characters_that_act_unseen_are_spelt_out(mark):
    assert visible_text(f"a{mark}b") == f"a[U+{ord(mark):04X}]b"


def test_a_lone_surrogate_does_not_stop_the_page_from_being_written():
    escape_text("a\ud800b").encode("utf-8")
    json_for_script("a\ud800b").encode("utf-8")
