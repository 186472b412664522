"""Documents and DICOM files, named by their SHA-256, durable before a row names them."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol
from urllib.parse import unquote, urlsplit

from gateway.errors import NotFound, OutOfSpace, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_CHUNK: Final = 1 << 20
_DIRECTORY_MODE: Final = 0o700


class Objects(Protocol):
    """Where large things lie; a name is the SHA-256 of the content in hex."""

    @property
    def spool(self) -> Path:
        """A directory for files on their way in, on the disk where objects end up if local."""

    def put(self, content: bytes) -> str:
        """Keep `content` durably and return its name; raises `Unavailable` or `OutOfSpace`."""

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Keep objects by their names, all durable when it returns; raises as `put` does."""

    def adopt(self, path: Path, sha256: str) -> None:
        """Move a written file in under its name, durably; raises as `put` does."""

    def open(self, sha256: str) -> BinaryIO:
        """Open an object for reading; raises `NotFound`."""

    def read(self, sha256: str) -> bytes:
        """Return an object's bytes; raises `NotFound`."""

    def delete(self, sha256: str, *, before: float) -> bool:
        """Delete an object that nobody has put since `before`, in seconds since the epoch.

        False when it stays, or was not there.
        """

    def check(self) -> None:
        """Raise `Unavailable` unless something can be written."""


def open_objects(url: str, data_dir: Path) -> Objects:
    """Return the objects that `url` names: `file:///directory` or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileObjects(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        return S3Objects(parts.netloc, parts.path.strip("/"), data_dir / "spool")
    message = f"GATEWAY_OBJECTS_URL must start with file:// or s3://, not {parts.scheme}://."
    raise ValueError(message)


def _missing(sha256: str) -> NotFound:
    return NotFound(f"The object {sha256[:12]}… is not in the object store.")


def _refusal(fault: OSError) -> Unavailable:
    if fault.errno == errno.ENOSPC:
        return OutOfSpace("The disk is full.")
    return Unavailable("The object store cannot be written.")


class FileObjects:
    """Objects as files: `<root>/ab/<sha256>`."""

    def __init__(self, root: Path) -> None:
        """Use the directory `root`, created when first needed."""
        self._root = root
        self.spool = root / "spool"

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Write, fsync, rename, fsync the directory."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.put_all({sha256: content})
        return sha256

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Write all, then fsync all: the first flush carries most of the others."""
        drafts: dict[str, Path] = {}
        try:
            self.spool.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
            for sha256, content in contents.items():
                if not self._is_here(sha256, len(content)):
                    drafts[sha256] = self._draft(content)
            for draft in drafts.values():
                _fsync(draft)
            for sha256, draft in drafts.items():
                draft.rename(self._place(sha256))
            for directory in {self._path(sha256).parent for sha256 in drafts}:
                _fsync(directory)
        except OSError as fault:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)
            raise _refusal(fault) from fault

    def _draft(self, content: bytes) -> Path:
        descriptor, name = tempfile.mkstemp(dir=self.spool)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def _is_here(self, sha256: str, size: int) -> bool:
        """Say whether an object is there, and that somebody has just wanted it to be.

        What a lost machine has left half written has another size, and is written again.
        """
        path = self._path(sha256)
        try:
            if not path.exists():
                return False
            with self._locked(fcntl.LOCK_SH):
                os.utime(path)
                return path.stat().st_size == size
        except FileNotFoundError:
            return False
        except OSError as fault:
            raise _refusal(fault) from fault

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        """Keep what is looked at from being deleted meanwhile, by whichever process."""
        with (self._root / ".lock").open("a") as lock:
            fcntl.flock(lock, operation)
            yield

    def adopt(self, path: Path, sha256: str) -> None:
        """Rename the file into place; an object that is there already stays as it is.

        The fsync after the rename carries both: one commit of the file system's journal, not two.
        """
        target = self._path(sha256)
        try:
            if self._is_here(sha256, path.stat().st_size):
                path.unlink()
                return
            path.rename(self._place(sha256))
            _fsync(target)
            _fsync(target.parent)
        except OSError as fault:
            raise _refusal(fault) from fault

    def _place(self, sha256: str) -> Path:
        """Return where an object goes; its directory is there."""
        target = self._path(sha256)
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
            _fsync(self._root)
        return target

    def open(self, sha256: str) -> BinaryIO:
        """Open the file."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise _missing(sha256) from None

    def read(self, sha256: str) -> bytes:
        """Return the file's bytes."""
        with self.open(sha256) as file:
            return file.read()

    def delete(self, sha256: str, *, before: float) -> bool:
        """Remove the file, unless it was put again."""
        path = self._path(sha256)
        try:
            with self._locked(fcntl.LOCK_EX):
                if path.stat().st_mtime >= before:
                    return False
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError as fault:
            raise _refusal(fault) from fault
        return True

    def check(self) -> None:
        """Write and remove a file."""
        try:
            self.spool.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
            with tempfile.TemporaryFile(dir=self.spool) as file:
                file.write(b"check")
        except OSError as fault:
            raise _refusal(fault) from fault


def _fsync(path: Path) -> None:
    """Make a file or the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3Objects:
    """Objects in S3-compatible storage; endpoint and keys come from the AWS_* environment."""

    def __init__(self, bucket: str, prefix: str, spool: Path) -> None:
        """Use `bucket`; nothing is connected yet."""
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._lazy: Any = None
        self.spool = spool

    @property
    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        if self._lazy is None:
            # Half a second and 30 MB that installations with local disks need not pay.
            import boto3  # noqa: PLC0415 - see above

            self._lazy = boto3.client("s3")
        return self._lazy

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def put(self, content: bytes) -> str:
        """Upload; S3 answers once it is durable."""
        sha256 = hashlib.sha256(content).hexdigest()
        self._upload(BytesIO(content), sha256)
        return sha256

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Upload one after the other."""
        for sha256, content in contents.items():
            self._upload(BytesIO(content), sha256)

    def adopt(self, path: Path, sha256: str) -> None:
        """Upload the file and remove it here."""
        with path.open("rb") as file:
            self._upload(file, sha256)
        path.unlink()

    def _upload(self, file: BinaryIO, sha256: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

        try:
            self._client.upload_fileobj(file, self._bucket, self._key(sha256))
        except (BotoCoreError, ClientError) as fault:
            message = "The object store does not answer."
            raise Unavailable(message) from fault

    def open(self, sha256: str) -> BinaryIO:
        """Open the object's body as a stream."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256))
        except self._client.exceptions.NoSuchKey:
            raise _missing(sha256) from None
        except (BotoCoreError, ClientError) as fault:
            message = "The object store does not answer."
            raise Unavailable(message) from fault
        body: BinaryIO = answer["Body"]
        return body

    def read(self, sha256: str) -> bytes:
        """Return the object's bytes."""
        return self.open(sha256).read()

    def delete(self, sha256: str, *, before: float) -> bool:
        """Delete the object, unless it was put again."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

        named = {"Bucket": self._bucket, "Key": self._key(sha256)}
        try:
            found = self._client.head_object(**named)
            if found["LastModified"].timestamp() >= before:
                return False
            self._client.delete_object(**named)
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                return False
            message = "The object store does not answer."
            raise Unavailable(message) from fault
        except BotoCoreError as fault:
            message = "The object store does not answer."
            raise Unavailable(message) from fault
        return True

    def check(self) -> None:
        """Ask for the bucket."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

        try:
            self._client.head_bucket(Bucket=self._bucket)
        except (BotoCoreError, ClientError) as fault:
            message = "The object store does not answer."
            raise Unavailable(message) from fault
