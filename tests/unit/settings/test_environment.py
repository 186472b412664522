from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Peers, Settings, SettingsError, is_loopback, read_settings

PLACE = Path("/srv/gateway")


def read(**given: str) -> Settings:
    named = {f"GATEWAY_{name.upper()}": value for name, value in given.items()}
    return read_settings({"GATEWAY_DATA_DIR": str(PLACE), "PATH": "/bin"} | named, dotenv=None)


def test_without_any_variable_the_gateway_is_embedded_and_alone() -> None:
    assert read() == Settings(
        data_dir=PLACE,
        database_url="sqlite:////srv/gateway/gateway.db",
        objects_url="file:///srv/gateway/objects",
        base_url="http://127.0.0.1:8080",
        http_host="127.0.0.1",
        http_port=8080,
        http_workers=1,
        mllp_host="127.0.0.1",
        mllp_port=2575,
        dicom_host="127.0.0.1",
        dicom_port=11112,
        dicom_ae_title="GATEWAY",
        dicom_peers=(),
        dicom_quiet_seconds=5.0,
        smtp_url="",
        mail_from="",
        auth="none",
        validation="profiles",
        log="",
        lang="fr",
        peers=Peers(),
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("database_url", "postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("objects_url", "s3://bucket/prefix", "s3://bucket/prefix"),
        ("base_url", "https://gw.centre.example", "https://gw.centre.example"),
        ("http_host", "::1", "::1"),
        ("http_port", "9000", 9000),
        ("http_workers", "4", 4),
        ("mllp_host", "localhost", "localhost"),
        ("mllp_port", "6661", 6661),
        ("dicom_host", "127.0.0.2", "127.0.0.2"),
        ("dicom_port", "104", 104),
        ("dicom_ae_title", "CENTRE", "CENTRE"),
        ("dicom_peers", "CT1, MR1,,", ("CT1", "MR1")),
        ("dicom_quiet_seconds", "0.5", 0.5),
        ("smtp_url", "smtp+starttls://u:p@mail:587", "smtp+starttls://u:p@mail:587"),
        ("mail_from", "gw@centre.example", "gw@centre.example"),
        ("auth", "none", "none"),
        ("validation", "off", "off"),
        ("log", "json", "json"),
        ("lang", "en", "en"),
    ],
)
def test_each_variable_is_read_as_what_it_is(name: str, text: str, value: object) -> None:
    assert getattr(read(**{name: text}), name) == value


@pytest.mark.parametrize("name", ["http_port", "mail_from", "dicom_peers", "lang"])
def test_an_empty_variable_is_the_default(name: str) -> None:
    assert read(**{name: ""}) == read()


def test_the_base_address_follows_the_port() -> None:
    assert read(http_port="9000").fhir_url == "http://127.0.0.1:9000/fhir"
    assert read(base_url="https://gw.example/").fhir_url == "https://gw.example/fhir"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("http_prot", "1", r"GATEWAY_HTTP_PROT is not a setting of the gateway"),
        ("peers", "x", r"GATEWAY_PEERS is not a setting of the gateway"),
        ("http_port", "http", r"GATEWAY_HTTP_PORT must be a number, not 'http'"),
        ("http_port", "80.5", r"GATEWAY_HTTP_PORT must be a number"),
        ("dicom_quiet_seconds", "soon", r"GATEWAY_DICOM_QUIET_SECONDS must be a number"),
        ("auth", "smart", r"GATEWAY_AUTH=smart is not available in this version"),
        ("validation", "strict", r"GATEWAY_VALIDATION must be one of profiles, base, off"),
        ("log", "xml", r"GATEWAY_LOG must be one of text, json"),
        ("lang", "de", r"GATEWAY_LANG must be one of fr, en"),
        ("smtp_url", "http://mail", r"GATEWAY_SMTP_URL must start with smtp://"),
        ("http_host", "0.0.0.0", r"GATEWAY_HTTP_HOST=0\.0\.0\.0 is refused"),  # noqa: S104 - refused
        ("mllp_host", "192.168.1.4", r"GATEWAY_MLLP_HOST=192\.168\.1\.4 is refused"),
        ("dicom_host", "gw.centre.example", r"GATEWAY_DICOM_HOST=gw\.centre\.example is refused"),
        ("objects_url", "ftp://host/x", r"GATEWAY_OBJECTS_URL must start with file:// or s3://"),
        ("http_workers", "0", r"GATEWAY_HTTP_WORKERS must be at least 1"),
        ("mllp_port", "70000", r"GATEWAY_MLLP_PORT must be between 1 and 65535"),
        ("dicom_port", "0", r"GATEWAY_DICOM_PORT must be between 1 and 65535"),
        ("dicom_quiet_seconds", "-1", r"GATEWAY_DICOM_QUIET_SECONDS must not be negative"),
        ("database_url", "mysql://h/d", r"GATEWAY_DATABASE_URL must start with sqlite:///"),
        ("database_url", "sqlite://", r"GATEWAY_DATABASE_URL must start with sqlite:///"),
        ("dicom_ae_title", "A" * 17, r"GATEWAY_DICOM_AE_TITLE must be 1 to 16 characters"),
        ("dicom_ae_title", "CENTRÉ", r"GATEWAY_DICOM_AE_TITLE must be 1 to 16 characters"),
        ("mllp_port", "8080", r"GATEWAY_HTTP_PORT and GATEWAY_MLLP_PORT are both 8080"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(name: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        read(**{name: text})


def test_what_tests_and_tools_read_is_not_ours_to_judge() -> None:
    assert read(shared="/somewhere") == read()


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - looked at, not bound
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_who_can_reach_an_address(host: str, *, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_a_file_of_settings_stands_below_the_environment(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# the centre\nGATEWAY_LANG=en\n\nGATEWAY_MLLP_PORT = '6661'\nEDITOR=vi\n", "utf-8"
    )
    given = {"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_LANG": "fr"}
    settings = read_settings(given, dotenv)
    assert (settings.lang, settings.mllp_port) == ("fr", 6661)


def test_a_misspelt_name_in_the_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEWAY_LANGUAGE=fr\n", "utf-8")
    with pytest.raises(SettingsError, match="GATEWAY_LANGUAGE is not a setting"):
        read_settings({}, tmp_path / ".env")


def toml(place: Path, text: str) -> Settings:
    (place / "gateway.toml").write_bytes(text.encode("utf-8"))
    return read_settings({"GATEWAY_DATA_DIR": str(place)}, None)


def test_lists_are_read_from_the_file_beside_the_data(tmp_path: Path) -> None:
    text = """
        mllp_max_bytes = 1000
        [namespaces]
        CENTRE = "urn:oid:1.2.250.1.999.2"
        [recipients]
        "10000023084" = "dr.agnes@medecin.example"
        [charsets]
        "RIS|CENTRE" = "latin-1"
    """
    assert toml(tmp_path, text).peers == Peers(
        namespaces={"CENTRE": "urn:oid:1.2.250.1.999.2"},
        recipients={"10000023084": "dr.agnes@medecin.example"},
        charsets={"RIS|CENTRE": "latin-1"},
        mllp_max_bytes=1000,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[namespaces", r"^gateway\.toml: "),
        ("pears = 3", r"^gateway\.toml: pears is not a name that is known here; see"),
        ("mllp_max_byte = 3", r"mllp_max_byte is .*, perhaps mllp_max_bytes is meant"),
        ("[[mllp_senders]]\nappli = 'RIS'", r"mllp_senders: appli is .*, perhaps application is"),
        ("[[dicom_destinations]]\nname = 'ris'", r"dicom_destinations: ae_title is missing\."),
        ("[recipients]\n1 = 'Paul'", r"recipients: that of 1 is not a mail address"),
        ("mllp_max_bytes = 'many'", r"^gateway\.toml: mllp_max_bytes must be a number"),
        ("recipients = 'all'", r"^gateway\.toml: recipients must be a table"),
        ("[charsets]\n'A|B' = 'klingon'", r"^gateway\.toml: charsets: klingon is not a codec"),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_its_name(
    text: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        toml(tmp_path, text)


def test_settings_cannot_be_changed() -> None:
    settings: Any = read()
    with pytest.raises(AttributeError):
        settings.lang = "en"


def test_the_certificates_of_the_mllp_door_are_files() -> None:
    settings = read(mllp_tls_cert="/c.pem", mllp_tls_key="/k.pem", mllp_tls_client_ca="/ca.pem")
    assert (settings.mllp_tls_cert, settings.mllp_tls_key, settings.mllp_tls_client_ca) == (
        "/c.pem",
        "/k.pem",
        "/ca.pem",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"mllp_tls_cert": "/c.pem"},
        {"mllp_tls_key": "/k.pem"},
        {"mllp_tls_client_ca": "/ca.pem"},
    ],
    ids=["no key", "no certificate", "an authority alone"],
)
def test_half_a_certificate_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_MLLP_TLS_CERT"):
        read(**given)
