from __future__ import annotations

import gzip

from hypothesis import given
from hypothesis import strategies as st

from gateway.dicomweb.packed import gzip_of, packed, plain_of


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_parts_that_were_packed_apart_are_one_gzip_member(texts: list[bytes]) -> None:
    parts = [packed(text) for text in texts]
    whole = b"".join(texts)
    assert gzip.decompress(b"".join(gzip_of(parts))) == whole
    assert b"".join(plain_of(parts)) == whole
