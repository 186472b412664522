"""Objects in S3-compatible storage: moto's server, which boto3 takes for Amazon's."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx
import pytest

from tests.conftest import free_port
from tests.interop import scenario
from tests.interop.peers import HOST, eventually, search, storescu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

BUCKET: Final = "passerelle-interop"


class S3:
    """A bucket on a server of its own, and the settings that lead a gateway to it."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://{HOST}:{port}"
        self.environ = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "interop",
            "AWS_SECRET_ACCESS_KEY": "interop",
            "AWS_DEFAULT_REGION": "eu-west-3",
        }
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="eu-west-3",
            aws_access_key_id="interop",
            aws_secret_access_key="interop",  # noqa: S106 - moto takes any
        )

    def answers(self) -> bool:
        try:
            return httpx.get(self.endpoint, timeout=2).is_success
        except httpx.TransportError:
            return False

    def contents(self) -> dict[str, bytes]:
        """Return all objects by the end of their key."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {
            one["Key"]: self.client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
            for one in listed
        }


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    port = free_port()
    log = tmp_path_factory.mktemp("s3") / "moto.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)],
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
    try:
        found = S3(port)
        assert eventually(found.answers), log.read_text("utf-8")
        found.client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
        )
        yield found
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def gateway(start: Start, s3: S3) -> Iterator[GatewayProcess]:
    with start(GATEWAY_OBJECTS_URL=f"s3://{BUCKET}/site-1", **s3.environ) as started:
        yield started


def test_a_report_with_a_pdf_is_kept_in_the_bucket_and_read_back(
    gateway: GatewayProcess, s3: S3, tmp_path: Path
) -> None:
    assert scenario.send(gateway, scenario.report(), tmp_path) == "AA"
    (report,) = search(gateway, "DiagnosticReport")
    (url,) = (
        one["url"] for one in report["presentedForm"] if one["contentType"] == "application/pdf"
    )
    address = f"http://{HOST}:{gateway.http}/fhir/{url}"
    answer = httpx.get(address, headers={"Accept": "application/pdf"})
    assert answer.content == scenario.PDF
    # It landed with the commit, and is brought to the bucket behind it.
    assert eventually(lambda: scenario.PDF in s3.contents().values())


def test_images_are_kept_in_the_bucket(
    gateway: GatewayProcess, s3: S3, shared: Path, tmp_path: Path
) -> None:
    sent = scenario.images(shared / "corpus", tmp_path)
    storescu(gateway, *sent)
    (study,) = eventually(lambda: search(gateway, "ImagingStudy"))

    def all_kept() -> list[bytes]:
        kept = [one for one in s3.contents().values() if one[128:132] == b"DICM"]
        return kept if len(kept) >= len(sent) else []

    # Small ones land in the database and are brought to the bucket behind the answer.
    assert study["numberOfInstances"] == len(sent) == len(eventually(all_kept))
    assert all(name.startswith("site-1/") for name in s3.contents())
    # Nothing waits on the local disk for what is in the bucket.
    spool = gateway.data / "spool"
    assert [file for file in spool.rglob("*") if file.is_file()] == []


def test_the_installation_is_checked_with_its_bucket(gateway: GatewayProcess) -> None:
    checked = gateway.command("check")

    assert ["objects", "ok", "s3"] in [line.split() for line in checked.stdout.splitlines()]
    assert checked.returncode == 0
