"""Which attributes tell of the patient, the study, the series (PS3.4 C.6.1.1, PS3.18 6.7.1.2.3).

Everything else that is kept of a header tells of the instance. One row an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import key
from gateway.dicom.query import Level

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

PATIENT: Final = (
    tag.PATIENT_NAME,
    tag.PATIENT_ID,
    tag.ISSUER_OF_PATIENT_ID,
    tag.TYPE_OF_PATIENT_ID,
    tag.ISSUER_OF_PATIENT_ID_QUALIFIERS,
    tag.PATIENT_BIRTH_DATE,
    tag.PATIENT_SEX,
    tag.OTHER_PATIENT_IDS,
)
STUDY: Final = (
    tag.STUDY_DATE,
    tag.STUDY_TIME,
    tag.ACCESSION_NUMBER,
    tag.ISSUER_OF_ACCESSION_NUMBER,
    tag.REFERRING_PHYSICIAN_NAME,
    tag.REFERRING_PHYSICIAN_IDENTIFICATION,
    tag.TIMEZONE_OFFSET,
    tag.STUDY_DESCRIPTION,
    tag.PROCEDURE_CODE,
    tag.READING_PHYSICIAN_NAME,
    tag.STUDY_INSTANCE_UID,
    tag.STUDY_ID,
)
SERIES: Final = (
    tag.SERIES_DATE,
    tag.SERIES_TIME,
    tag.MODALITY,
    tag.MANUFACTURER,
    tag.INSTITUTION_NAME,
    tag.STATION_NAME,
    tag.SERIES_DESCRIPTION,
    tag.INSTITUTIONAL_DEPARTMENT,
    tag.PERFORMING_PHYSICIAN_NAME,
    tag.OPERATORS_NAME,
    tag.MANUFACTURER_MODEL_NAME,
    tag.BODY_PART_EXAMINED,
    tag.SERIES_INSTANCE_UID,
    tag.SERIES_NUMBER,
    tag.LATERALITY,
    tag.PERFORMED_STEP_START_DATE,
    tag.PERFORMED_STEP_START_TIME,
    tag.REQUEST_ATTRIBUTES,
)
# Said of what is held, by who holds it (PS3.4 table C.3-1 to C.3-4).
MODALITIES_IN_STUDY: Final = 0x00080061
SOP_CLASSES_IN_STUDY: Final = 0x00080062
RELATED_STUDIES: Final = 0x00201200
RELATED_SERIES_OF_STUDY: Final = 0x00201206
RELATED_INSTANCES_OF_STUDY: Final = 0x00201208
RELATED_INSTANCES_OF_SERIES: Final = 0x00201209
_NAMES: Final = {
    Level.PATIENT: frozenset(map(key, PATIENT)),
    Level.STUDY: frozenset(map(key, (*PATIENT, *STUDY))),
    Level.SERIES: frozenset(map(key, SERIES)),
}


def part_of(header: Model, level: Level) -> Model:
    """Return what a header says of its patient, its study and patient, or its series."""
    names = _NAMES[level]
    return {name: element for name, element in header.items() if name in names}
