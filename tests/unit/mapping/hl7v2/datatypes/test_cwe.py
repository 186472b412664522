from __future__ import annotations

import pytest

from gateway.hl7v2.values import Value
from gateway.mapping.hl7v2.datatypes.cwe import cwe_coding


@pytest.mark.parametrize("typed", ["A  B", "A\u00a0B ", "A\\.br\\B", "A \\X09\\ B"])
def test_what_fills_a_code_up_is_no_part_of_it(typed: str) -> None:
    assert cwe_coding(Value(f"{typed}^Libellé  long")) == {
        "code": "A B",
        "display": "Libellé  long",
    }


def test_a_code_of_white_space_is_none() -> None:
    assert cwe_coding(Value("\\.br\\^Libellé")) == {}
