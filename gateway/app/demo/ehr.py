"""What the physician's software does: a small FHIR client over HTTP."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.app.demo.missing import Missing
from gateway.fhir.wire import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.wire import Resource

_JSON: Final = "application/fhir+json"
_TIMEOUT_SECONDS: Final = 10.0
_CREATED: Final = 201
_OK: Final = 200


class FhirClient:
    """Speaks to one FHIR server; every refusal is a `Missing` with what the server said."""

    def __init__(self, host: str, port: int) -> None:
        """Speak to the server at `http://host:port/fhir`; a connection a request."""
        self._address = (host, port)

    def create(self, resource: Resource) -> tuple[Resource, str]:
        """Create a resource; return it as stored, and its address."""
        path = f"/fhir/{resource['resourceType']}"
        status, headers, body = self._ask("POST", path, dumps(resource))
        if status != _CREATED:
            raise Missing(_told("POST", path, status, body))
        return loads(body), headers.get("location", "")

    def read(self, reference: str) -> Resource:
        """Return the resource that `Type/id` names."""
        resource: Resource = loads(self.content(reference, _JSON))
        return resource

    def content(self, reference: str, accept: str) -> bytes:
        """Return what `Type/id` holds, in the representation asked for."""
        path = f"/fhir/{reference}"
        status, _, body = self._ask("GET", path, accept=accept)
        if status != _OK:
            raise Missing(_told("GET", path, status, body))
        return body

    def search(self, resource_type: str, **parameters: str) -> list[Resource]:
        """Return the resources that match."""
        query = urlencode({name.replace("_", "-"): value for name, value in parameters.items()})
        bundle = self.read(f"{resource_type}?{query}")
        return [entry["resource"] for entry in bundle.get("entry", ())]

    def ready_parts(self) -> set[str]:
        """Return the parts that are ready (`/health/ready`), none while one of them is not."""
        try:
            status, _, body = self._ask("GET", "/health/ready", accept="application/json")
        except Missing:
            return set()
        return set(loads(body)["checked"]) if status == _OK else set()

    def ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as it is; return status, headers by lower-case name, and body."""
        return self._send(method, path, body, headers)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, accept: str = _JSON
    ) -> tuple[int, dict[str, str], bytes]:
        return self._send(method, path, body, {"Accept": accept, "Content-Type": _JSON})

    def _send(
        self, method: str, path: str, body: bytes | None, said: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(*self._address, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, dict(said))
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        except (OSError, HTTPException) as fault:
            message = f"{method} {path} : pas de réponse ({fault})."
            raise Missing(message) from fault
        finally:
            connection.close()


def _told(method: str, path: str, status: int, body: bytes) -> str:
    try:
        issues = loads(body).get("issue", ())
    except ValueError:
        issues = ()
    said = " ".join(issue.get("diagnostics", "") for issue in issues)
    return f"{method} {path} : réponse {status}. {said}".strip()
