"""What a test serves to a real Prometheus."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Exposed:
    """The metrics of one scrape target; `address` is where it serves them."""

    def __init__(self) -> None:
        self.address = ""
        self._series: dict[str, float] = {}

    def set(self, metric: str, value: float, **labels: str) -> None:
        """Expose a series from now on."""
        written = ",".join(f'{name}="{text}"' for name, text in labels.items())
        self._series = {**self._series, f"{metric}{{{written}}}": value}

    def forget(self) -> None:
        """Expose nothing, as a process does that is not there."""
        self._series = {}

    def text(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return "".join(f"{series} {value}\n" for series, value in self._series.items()).encode()


@contextmanager
def serving() -> Iterator[Exposed]:
    exposed = Exposed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exposed.text())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    exposed.address = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield exposed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
