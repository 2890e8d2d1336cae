"""Show the built book on a local port, until Ctrl-C.

python tools/serve_book.py [PORT]
"""

from __future__ import annotations

import functools
import http.server
import sys
from collections.abc import Sequence
from pathlib import Path

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files and does not report each one."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def main(arguments: Sequence[str] = ()) -> int:
    port = arguments[0] if arguments else "8000"
    handler = functools.partial(Handler, directory=str(HTML))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except (OSError, OverflowError, ValueError) as error:
        raise SystemExit(
            f"Port {port} cannot be used ({error}): name another, as in make serve PORT=8765."
        ) from None
    with server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        print(f"The book is at {address} (stop with Ctrl-C).", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
