"""A web server for the files of a directory, at every address. As servers on the internet do, it keeps connections open
for a while and sends parts of files.

usage: web.py DIRECTORY
"""

import functools
import http.server
import os
import re
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self):
        path = self.translate_path(self.path)
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not part or not os.path.isfile(path):
            super().do_GET()
            return
        size = os.path.getsize(path)
        first, last = int(part[1]), min(int(part[2] or size), size - 1)
        if first > last:
            self.send_error(416)
            return
        self.send_response(206)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with open(path, "rb") as file:
            self.connection.sendfile(file, first, last - first + 1)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, *_):
        """Who goes away in the midst of an answer is nothing to speak of."""


Server(("", 80), functools.partial(Handler, directory=sys.argv[1])).serve_forever()
