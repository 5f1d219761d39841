"""A web server for the files of a directory, at every address, as servers on the internet are: connections are kept
open for a while, and questions come over one after another.

usage: web.py DIRECTORY
"""

import functools
import http.server
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, *_):
        """Who goes away in the midst of an answer is nothing to speak of."""


Server(("", 80), functools.partial(Handler, directory=sys.argv[1])).serve_forever()
