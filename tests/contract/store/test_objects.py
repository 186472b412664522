"""Objects keep their promises on the local disk and in S3-compatible storage alike."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from gateway.errors import NotFound, OutOfSpace, Unavailable
from gateway.store.objects import FileObjects, Objects, S3Objects, open_objects
from tests.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = "Compte rendu de Zoé".encode() * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()
ABSENT = "0" * 64


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def aws(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3(tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    import boto3  # noqa: PLC0415 - only where moto is

    aws(monkeypatch, s3_endpoint)
    bucket = f"gateway-{uuid4().hex}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
    )
    opened = open_objects(f"s3://{bucket}/centre", tmp_path)
    assert isinstance(opened, S3Objects)
    return opened


@pytest.fixture(params=["file", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "file":
        return open_objects((tmp_path / "objects").as_uri(), tmp_path)
    found: Objects = request.getfixturevalue("s3")
    return found


def spooled(objects: Objects, content: bytes = CONTENT) -> Path:
    objects.spool.mkdir(parents=True, exist_ok=True)
    path = objects.spool / "incoming"
    path.write_bytes(content)
    return path


def test_what_is_put_is_named_by_its_sha_256_and_read_back(objects: Objects) -> None:
    assert objects.put(CONTENT) == NAME
    assert objects.read(NAME) == CONTENT
    with objects.open(NAME) as file:
        assert file.read(8) == CONTENT[:8]


def test_putting_the_same_again_changes_nothing(objects: Objects) -> None:
    assert [objects.put(CONTENT), objects.put(CONTENT)] == [NAME, NAME]
    assert objects.read(NAME) == CONTENT


def test_an_empty_object_is_an_object(objects: Objects) -> None:
    assert objects.read(objects.put(b"")) == b""


def test_an_adopted_file_is_moved_out_of_the_spool(objects: Objects) -> None:
    path = spooled(objects)
    objects.adopt(path, NAME)
    assert not path.exists()
    assert objects.read(NAME) == CONTENT


def test_adopting_what_is_there_already_leaves_it_and_clears_the_spool(objects: Objects) -> None:
    objects.put(CONTENT)
    path = spooled(objects)
    objects.adopt(path, NAME)
    assert not path.exists()
    assert objects.read(NAME) == CONTENT


@pytest.mark.parametrize("how", ["open", "read"])
def test_what_is_not_there_is_not_found(how: str, objects: Objects) -> None:
    with pytest.raises(NotFound, match="not in the object store"):
        getattr(objects, how)(ABSENT)


def test_the_check_is_silent_when_all_is_well(objects: Objects) -> None:
    objects.check()


def test_another_scheme_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must start with file:// or s3://, not ftp://"):
        open_objects("ftp://host/objects", tmp_path)


# The local disk


def test_files_lie_in_directories_of_their_first_two_digits_for_their_owner_alone(
    tmp_path: Path,
) -> None:
    root = tmp_path / "objects"
    FileObjects(root).put(CONTENT)
    file = root / NAME[:2] / NAME
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0
    assert list((root / "spool").iterdir()) == []


def test_a_name_is_there_only_when_content_and_directory_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    target = tmp_path / "objects" / NAME[:2] / NAME
    real = os.fsync

    def watched(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((os.path.relpath(place, tmp_path), target.exists()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc here to name a descriptor by")
    monkeypatch.setattr(os, "fsync", watched)
    FileObjects(tmp_path / "objects").put(CONTENT)

    spool, *directories = synced
    assert spool[0].startswith("objects/spool/")
    assert spool[1] is False
    assert directories == [("objects", False), (f"objects/{NAME[:2]}", True)]


def test_a_full_disk_is_out_of_space_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = FileObjects(tmp_path / "objects")
    earlier = objects.put(b"accepted before")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutOfSpace):
            objects.put(CONTENT)

    assert list(objects.spool.iterdir()) == []
    with pytest.raises(NotFound):
        objects.read(NAME)
    assert objects.read(earlier) == b"accepted before"
    # After space is freed the same content is accepted.
    assert objects.put(CONTENT) == NAME


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_is_unavailable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unavailable):
        FileObjects(tmp_path / "objects").put(CONTENT)


def test_a_place_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "objects").write_bytes(b"")
    objects = FileObjects(tmp_path / "objects")
    for attempt in (objects.check, lambda: objects.put(CONTENT)):
        with pytest.raises(Unavailable):
            attempt()


# S3


def test_a_storage_that_does_not_answer_is_unavailable_and_keeps_the_spooled_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws(monkeypatch, f"http://127.0.0.1:{free_port()}")
    objects = S3Objects("gateway", "", tmp_path / "spool")
    path = spooled(objects)
    attempts = (
        objects.check,
        lambda: objects.put(CONTENT),
        lambda: objects.adopt(path, NAME),
        lambda: objects.read(NAME),
    )
    for attempt in attempts:
        with pytest.raises(Unavailable, match="does not answer"):
            attempt()
    assert path.read_bytes() == CONTENT


def test_a_bucket_that_is_not_there_is_unavailable(s3: S3Objects, tmp_path: Path) -> None:
    s3.check()
    with pytest.raises(Unavailable):
        S3Objects("nobody-has-this", "", tmp_path).check()
    with pytest.raises(Unavailable):
        S3Objects("nobody-has-this", "", tmp_path).put(CONTENT)
