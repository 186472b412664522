"""OHIF beside the gateway: fetched once from npm, served as static files on a port of its own.

`python scripts/ohif.py fetch` fetches it, `serve` serves it on 127.0.0.1:3000. The gateway must let
its pages ask: `dicomweb_origins = ["http://127.0.0.1:3000"]` in `gateway.toml`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from typing_extensions import override

ROOT: Final = Path(__file__).resolve().parent.parent
PLACE: Final = ROOT / ".ohif"
VERSION: Final = "3.13.2"
# Of the package, as its registry and every other tells it.
_SHA512: Final = (
    "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
)
_DIST: Final = "package/dist/"
# Models and maps: half of the package, and no study needs them.
_LEFT_OUT: Final = ("ort/", "dicom-microscopy-viewer/")
_CONFIG: Final = "app-config.js"
# Volumes are drawn from memory that workers share (https://web.dev/articles/coop-coep).
_HEADERS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-cache",
}


def fetch(place: Path = PLACE) -> Path:
    """Fetch the built distribution unless it is there, and return its folder.

    Raises `RuntimeError` when npm brings another package than expected.
    """
    version = place / "version"
    if version.is_file() and version.read_text("ascii") == VERSION:
        return place
    with tempfile.TemporaryDirectory() as folder:
        _pack(Path(folder))
        package = next(Path(folder).glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode("ascii")
        if digest != _SHA512:
            message = "The package of OHIF is not the one that was tried."
            raise RuntimeError(message)
        draft = place.with_name(f"{place.name}.part")
        shutil.rmtree(draft, ignore_errors=True)
        _unpack(package, draft)
        (draft / version.name).write_text(VERSION, "ascii")
        shutil.rmtree(place, ignore_errors=True)
        draft.replace(place)
    return place


def _pack(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is missing: apt-get install npm"
        raise RuntimeError(message)
    command = [npm, "pack", "--silent", f"@ohif/app@{VERSION}", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - npm, looked up


def _unpack(package: Path, place: Path) -> None:
    with tarfile.open(package) as tar:
        for member in tar:
            name = member.name.removeprefix(_DIST)
            if name == member.name or name.startswith(_LEFT_OUT) or name.endswith(".map"):
                continue
            member.name = name
            tar.extract(member, place, filter="data")


def config(dicomweb: str) -> str:
    """Return OHIF's configuration against a DICOMweb root."""
    source = {
        "friendlyName": "Passerelle",
        "name": "passerelle",
        "qidoRoot": dicomweb,
        "wadoRoot": dicomweb,
        "wadoUriRoot": f"{dicomweb}/wado",
        "qidoSupportsIncludeField": True,
        "supportsFuzzyMatching": True,
        "supportsWildcard": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "thumbnail",
        "enableStudyLazyLoad": True,
        "omitQuotationForMultipartRequest": True,
        "bulkDataURI": {"enabled": True},
        "singlepart": "bulkdata,video,pdf",
    }
    module = "@ohif/extension-default.dataSourcesModule.dicomweb"
    whole = {
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "showCPUFallbackMessage": False,
        "investigationalUseDialog": {"option": "never"},
        "defaultDataSourceName": "passerelle",
        "dataSources": [{"namespace": module, "sourceName": "passerelle", "configuration": source}],
    }
    return f"window.config = {json.dumps(whole)};\n"


class _Handler(SimpleHTTPRequestHandler):
    """Static files; what is none is a page of the application."""

    def __init__(self, *given: object, dicomweb: str, place: Path) -> None:
        self._config = config(dicomweb).encode()
        super().__init__(*given, directory=str(place))  # type: ignore[arg-type]  # what socketserver gives

    @override
    def do_GET(self) -> None:
        path = self.path.partition("?")[0].partition("#")[0]
        if path == f"/{_CONFIG}":
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.send_header("Content-Length", str(len(self._config)))
            self.end_headers()
            self.wfile.write(self._config)
            return
        if not Path(self.translate_path(path)).is_file():
            self.path = "/index.html"
        super().do_GET()

    @override
    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: addresses name studies."""


def server(place: Path, port: int, dicomweb: str) -> ThreadingHTTPServer:
    """Return a server of the viewer on loopback; port 0 takes a free one."""
    handler = partial(_Handler, dicomweb=dicomweb.rstrip("/"), place=place)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> int:
    """Fetch, and serve when asked to."""
    parser = argparse.ArgumentParser(description="OHIF beside the gateway")
    parser.add_argument("action", choices=("fetch", "serve"))
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--dicomweb", default="http://127.0.0.1:8080/dicom-web")
    given = parser.parse_args()
    place = fetch()
    if given.action == "serve":
        origin = f"http://127.0.0.1:{given.port}"
        print(f"OHIF {VERSION}: {origin}")
        print(f'gateway.toml needs: dicomweb_origins = ["{origin}"]')
        server(place, given.port, given.dicomweb).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
