"""Run with WEBHOOK_SECRET=whsec_… python3 receiver.py"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
LOCK = threading.Lock()  # in a database: one transaction per message
SEEN = {}  # webhook-id → when; forget after 7 days
CARDS = {}  # card_id → sequence, revision, expires_at, card (None once it is removed); forget 7 days after its end


def is_genuine(headers, body):
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent.isascii() and sent.isdigit()) or abs(time.time() - int(sent[:12])) > 300:
        return False
    digest = hmac.new(SECRET, f"{message_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    given = headers.get("webhook-signature", "").encode(errors="replace").split()
    return any(hmac.compare_digest(expected, each) for each in given)


def take(message_id, message):
    data = message["data"]
    if data.get("action") not in ("display", "take_down"):
        return {}
    with LOCK:
        known = CARDS.get(data["card_id"])
        if message_id not in SEEN and (known is None or data["sequence"] > known["sequence"]):
            known = CARDS[data["card_id"]] = {
                "sequence": data["sequence"],
                "revision": data["revision"],
                "expires_at": data.get("expires_at"),
                "card": data.get("card"),
            }
        SEEN[message_id] = time.time()
        return {"revision": known["revision"], "state": "displayed" if is_shown(known) else "removed"}


def is_shown(entry):
    now = datetime.now(timezone.utc)
    return entry["card"] is not None and datetime.fromisoformat(entry["expires_at"].replace("Z", "+00:00")) > now


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 1_000_000))
        if not is_genuine(self.headers, body):  # the raw bytes, before any parsing
            return self.answer(401, {})
        return self.answer(200, take(self.headers["webhook-id"], json.loads(body)))

    def do_GET(self):  # the cards on display
        self.answer(200, {card_id: entry["card"] for card_id, entry in CARDS.items() if is_shown(entry)})

    def answer(self, status, content):
        written = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Hook).serve_forever()
