from __future__ import annotations

import pytest

from gateway.dicom.sop_classes import ObjectKind, is_storage, kind_of, name_of


@pytest.mark.parametrize(
    ("sop_class", "kind", "storage"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", ObjectKind.IMAGE, True),
        ("1.2.840.10008.5.1.4.1.1.88.22", ObjectKind.STRUCTURED_REPORT, True),
        ("1.2.840.10008.5.1.4.1.1.88.67", ObjectKind.STRUCTURED_REPORT, True),
        ("1.2.840.10008.5.1.4.1.1.88.59", ObjectKind.KEY_OBJECTS, True),
        ("1.2.840.10008.5.1.4.1.1.104.1", ObjectKind.PDF, True),
        ("1.2.840.10008.5.1.4.1.1.104.2", ObjectKind.CDA, True),
        ("1.2.840.10008.5.1.4.1.1.11.1", ObjectKind.PRESENTATION, True),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", ObjectKind.WAVEFORM, True),
        ("1.2.840.10008.5.1.4.1.1.66.4", ObjectKind.SEGMENTATION, True),
        ("1.2.840.10008.5.1.4.1.1.481.1", ObjectKind.IMAGE, True),
        ("1.2.840.10008.5.1.4.1.1.481.10", ObjectKind.RADIOTHERAPY, True),
        ("1.3.12.2.1107.5.9.1", ObjectKind.OTHER, True),
        ("1.2.840.10008.5.1.4.1.1.999.1", ObjectKind.IMAGE, True),
        ("1.2.840.10008.5.1.4.31", ObjectKind.OTHER, False),
        ("1.2.840.10008.1.20.1", ObjectKind.OTHER, False),
        ("1.2.840.10008.5.1.4.1.2.2.1", ObjectKind.OTHER, False),
        ("1.2.840.10008.5.1.4.38.1", ObjectKind.OTHER, False),
        ("1.2.840.10008.1.3.10", ObjectKind.OTHER, False),
    ],
)
def test_a_sop_class_has_a_kind_and_is_stored_or_not(
    sop_class: str, kind: ObjectKind, *, storage: bool
) -> None:
    assert (kind_of(sop_class), is_storage(sop_class)) == (kind, storage)


def test_standard_classes_have_their_name() -> None:
    assert name_of("1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage"
    assert name_of("1.3.12.2.1107.5.9.1") == ""
