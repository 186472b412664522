"""The manifests that are written here, by the validator of David Clunie (dicom3tools)."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.unit.mapping.to_dicom.test_manifest import an_image, written

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset


@pytest.fixture(scope="module")
def validator() -> str:
    found = shutil.which("dciodvfy")
    if found is None:
        pytest.skip("dciodvfy is not there: install dicom3tools")
    return found


@pytest.mark.parametrize(
    "images",
    [
        [an_image(1)],
        [an_image(1), an_image(2), an_image(3, SeriesDescription="Cœur")],
    ],
)
def test_a_manifest_is_a_valid_key_object_selection(
    validator: str, tmp_path: Path, images: list[Dataset]
) -> None:
    file = tmp_path / "manifest.dcm"
    file.write_bytes(written(*images))

    run = subprocess.run(
        [validator, str(file)], capture_output=True, text=True, check=False, errors="replace"
    )

    said = (run.stdout + run.stderr).splitlines()
    assert [line for line in said if line.startswith("Error")] == []
    assert "KeyObjectSelectionDocument" in said
