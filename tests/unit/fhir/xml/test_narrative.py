from __future__ import annotations

import pytest

from gateway.fhir.xml.narrative import escaped, narrative

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    ("div", "written"),
    [
        (f"<div {XHTML}>A</div>", f"<div {XHTML}>A</div>"),
        (f" <div {XHTML}/>\n", f"<div {XHTML}/>"),
        (f"<div {XHTML}>&eacute;&lt;&nope;</div>", None),
        (f"<div {XHTML}>&eacute;&lt;&nbsp;</div>", f"<div {XHTML}>&#233;&lt;&#160;</div>"),
        (f"<p {XHTML}/>", None),
        ("<div>A</div>", None),
        (f"<div {XHTML}/><div {XHTML}/>", None),
        (f"<?x y?><div {XHTML}/>", None),
    ],
)
def test_a_div_is_written_as_it_is_or_as_its_own_text(div: str, written: str | None) -> None:
    assert narrative(div) == (written or f"<div {XHTML}>{escaped(div)}</div>")


def test_text_is_escaped_for_attributes_and_elements() -> None:
    assert escaped("plain") == "plain"
    assert escaped('<a b="c">&\t\n\r\'') == "&lt;a b=&quot;c&quot;&gt;&amp;&#9;&#10;&#13;'"
