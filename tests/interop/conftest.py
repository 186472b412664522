"""Peers, and the real gateway that they talk to: processes of their own, on free ports.

`GATEWAY_SHARED` says where the corpus is. With `PASSERELLE_NO_SKIP=1`, as CI runs this suite,
every peer is installed and a test that is skipped has failed.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.conftest import empty_postgres
from tests.e2e.mailbox import Mailbox
from tests.e2e.process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[GatewayProcess]]

NO_SKIP = os.environ.get("PASSERELLE_NO_SKIP") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,  # noqa: ARG001 - pytest passes it by name
    call: pytest.CallInfo[None],  # noqa: ARG001 - as above
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped under PASSERELLE_NO_SKIP=1: {reason}"
    return report


@contextmanager
def _serving(data: Path, **more: str) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(data, more)
    try:
        yield gateway.start()
        assert gateway.stop() == 0, gateway.log.read_text("utf-8")[-3000:]
    finally:
        gateway.kill()


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """A gateway of one's own with an empty store, for the length of a `with`."""

    def started(**more: str) -> AbstractContextManager[GatewayProcess]:
        return _serving(tmp_path_factory.mktemp("gateway") / "data", **more)

    return started


@dataclass(frozen=True)
class Site:
    """A gateway and the mailbox that its mail goes to."""

    gateway: GatewayProcess
    mailbox: Mailbox


@contextmanager
def _site(start: Start, **more: str) -> Iterator[Site]:
    with Mailbox() as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        mail = {"GATEWAY_SMTP_URL": smtp, "GATEWAY_MAIL_FROM": "passerelle@interop.example"}
        with start(**mail, **more) as gateway:
            yield Site(gateway, mailbox)


@pytest.fixture(scope="session")
def on_sqlite(start: Start) -> Iterator[Site]:
    with _site(start) as site:
        yield site


@pytest.fixture(scope="session")
def on_postgresql(start: Start, postgres_url: str) -> Iterator[Site]:
    empty_postgres(postgres_url)
    with _site(start, GATEWAY_DATABASE_URL=postgres_url) as site:
        yield site
