"""A receiver with nothing but Python. Run with WEBHOOK_SECRET=whsec_… python receiver.py"""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rules import LARGEST_BODY, Rules


class Hook(BaseHTTPRequestHandler):
    rules: Rules
    timeout = 15  # seconds for a sender that says nothing

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return self.answer(413 if length.isdecimal() else 411, {})
        return self.answer(*self.rules.answer(self.headers, self.rfile.read(int(length))))

    def do_GET(self):
        self.answer(200, self.rules.cards())

    def answer(self, status, content):
        written = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)


def serve(rules):
    def every_second():
        while True:
            time.sleep(1)
            rules.expire()

    Hook.rules = rules
    threading.Thread(target=every_second, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Hook).serve_forever()


if __name__ == "__main__":
    serve(Rules.from_environment())
