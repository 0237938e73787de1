import errno
import hashlib
import threading
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from preprocessing.errors import UserError
from preprocessing.sources.download import download
from tests.conftest import run_python

import pytest

CONTENT = bytes(range(256)) * 4_000
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server():
    """A server on this machine that can break off, and that notes which ranges were asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            self.server.ranges.append(asked)
            asked = None if self.server.ignores_ranges else asked
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(CONTENT) - start))
            self.end_headers()
            self.wfile.write(CONTENT[start : start + self.server.breaks_off_after])

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.ranges, server.breaks_off_after, server.ignores_ranges = [], len(CONTENT), False
    server.url = f"http://127.0.0.1:{server.server_port}/archive.tar.gz"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_a_download_that_broke_off_goes_on_where_it_stopped(server, tmp_path):
    target = tmp_path / "archive.tar.gz"
    server.breaks_off_after = 600_000
    with pytest.raises(UserError, match=r"archive.tar.gz"):
        download(server.url, target, len(CONTENT), MD5)
    assert not target.exists()
    server.breaks_off_after = len(CONTENT)
    assert download(server.url, target, len(CONTENT), MD5).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=600000-"]
    download(server.url, target, len(CONTENT), MD5)
    (tmp_path / "archive.tar.gz.lock").unlink()
    download(server.url, target, len(CONTENT), MD5)
    assert len(server.ranges) == 2, "what is there is not fetched again"
    assert list(tmp_path.iterdir()) == [target], "nor is its folder written to"


def test_a_network_that_fails_on_the_way_is_no_full_disk(server, tmp_path, monkeypatch):
    def read(self, size):
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(HTTPResponse, "read", read)
    with pytest.raises(UserError, match=r"archive.tar.gz: .*No route to host"):
        download(server.url, tmp_path / "archive.tar.gz", len(CONTENT), MD5)


def test_a_server_that_sends_the_whole_file_again_is_no_trouble(server, tmp_path):
    (tmp_path / "archive.tar.gz.part").write_bytes(b"stale" * 100)
    server.ignores_ranges = True
    target = tmp_path / "archive.tar.gz"
    assert download(server.url, target, len(CONTENT), MD5).read_bytes() == CONTENT
    assert server.ranges == ["bytes=500-"]


def test_what_is_not_what_was_published_is_thrown_away(server, tmp_path):
    target = tmp_path / "archive.tar.gz"
    with pytest.raises(UserError, match=r"checksum is .* published is 0123"):
        download(server.url, target, len(CONTENT), "0123")
    assert [file.suffix for file in tmp_path.iterdir()] in ([], [".lock"])


def test_offline_with_nothing_cached_names_the_ways_forward(tmp_path):
    process = run_python(
        "-c",
        "import sys; from preprocessing.sources import imdb;"
        "imdb.URL = 'http://127.0.0.1:9/x.tar.gz';"
        "from preprocessing.__main__ import main; from preprocessing.program import run_program;"
        f"sys.argv = ['prepare', '--cache', {str(tmp_path)!r}]; run_program(main)",
    )
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    for way in ("--data PATH", "http://127.0.0.1:9/x.tar.gz by hand", "--dataset sample"):
        assert way in process.stderr
