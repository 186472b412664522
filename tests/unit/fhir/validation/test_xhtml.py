from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.validation.xhtml import fault_of_div

_OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    "text",
    [
        f"{_OPEN}<p>Œdème &eacute; &amp; <b>x</b></p></div>",
        f'{_OPEN}<img src="#image" alt=""/></div>',
        f'{_OPEN}<!-- a note --><table><tr><td style="color: red">x</td></tr></table></div>',
    ],
)
def test_formatting_is_accepted(text: str) -> None:
    assert fault_of_div(text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<div>x</div>", "must be one div in the XHTML namespace"),
        ("text", "is not well-formed XHTML"),
        (f"{_OPEN}x", "is not well-formed XHTML"),
        (f"{_OPEN} </div>", "says nothing: text or an image is needed (txt-2)"),
        (f"{_OPEN}&nothing;</div>", "is not well-formed XHTML"),
        (f"{_OPEN}<form>x</form></div>", "holds an element that a narrative cannot (txt-1)"),
        (f'{_OPEN}<p onclick="x()">x</p></div>',
         "holds an attribute that a narrative cannot (txt-1)"),
        (f'{_OPEN}<a href=" JavaScript:x()">x</a></div>',
         "holds an attribute that a narrative cannot (txt-1)"),
        (f'<!DOCTYPE x [<!ENTITY a "b">]>{_OPEN}&a;</div>',
         "holds a declaration, which XHTML in a narrative cannot"),
        (f"{_OPEN}<?php x ?>x</div>", "holds a declaration, which XHTML in a narrative cannot"),
    ],
)  # fmt: skip
def test_what_runs_or_says_nothing_is_refused(text: str, fault: str) -> None:
    assert fault_of_div(text) == fault


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert fault_of_div(text)
    fault_of_div(f"{_OPEN}{text}</div>")
