from __future__ import annotations

from typing import Any

import pytest

from gateway.dicom.json_model import element
from gateway.dimse.worklist import worklist_query, worklist_supports

PREGNANCY = "001021C0"
NAME = "00100010"
ENTRY = {NAME: element("PN", [{"Alphabetic": "LEFEVRE^Zoe"}])}


def test_a_key_that_no_order_tells_is_not_matched_and_said_so() -> None:
    keys = {PREGNANCY: element("US", [1]), NAME: element("PN", [{"Alphabetic": "LEF*"}])}

    assert worklist_query(keys).matches(ENTRY)
    assert not worklist_supports(keys)


@pytest.mark.parametrize("pregnancy", [{"vr": "US"}, {"vr": "US", "Value": [0]}])
def test_a_key_without_value_is_supported(pregnancy: dict[str, Any]) -> None:
    assert worklist_supports({PREGNANCY: pregnancy, NAME: {"vr": "PN"}})


def test_other_keys_are_matched() -> None:
    keys = {PREGNANCY: element("US", [0]), NAME: element("PN", [{"Alphabetic": "MAR*"}])}

    assert not worklist_query(keys).matches(ENTRY)
