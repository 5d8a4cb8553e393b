"""The rules of a receiver, whatever serves it: verify, then one transaction per message in SQLite. Python 3.11 or newer; only
public keys (v1a) need the package `cryptography`.

WEBHOOK_SECRET has the secret, or several separated by spaces while it is rotated, newest first. WEBHOOK_PUBLIC_KEY may have
public keys, likewise.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime

TOLERANCE_SECONDS = 300
KEPT_SECONDS = 7 * 86_400  # ids, and the fence of a card after its end
LARGEST_BODY = 1_000_000  # messages have 20 kB at most, but a snapshot lists every card
SHORTEST_SECRET = 24  # bytes
MOST_SIGNATURES = 16

TABLES = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
    card_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, revision INTEGER NOT NULL,
    expires_at REAL, ended_at REAL, card TEXT -- null once it is removed
);
"""


class Rules:
    def __init__(self, path, secrets, public_keys=(), clock=time.time):
        self.secrets = [decoded(one, "whsec_") for one in secrets]
        if any(len(secret) < SHORTEST_SECRET for secret in self.secrets):
            raise ValueError("a secret is empty or too short: anybody could sign with it")
        self.public_keys = [public_key(decoded(one, "whpk_")) for one in public_keys]
        self.clock, self.lock = clock, threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA secure_delete = ON")  # what is removed is overwritten in the file
        self.db.executescript(TABLES)

    @classmethod
    def from_environment(cls):
        secrets, keys = (os.environ.get(name, "").split() for name in ("WEBHOOK_SECRET", "WEBHOOK_PUBLIC_KEY"))
        if not secrets:
            raise SystemExit("set WEBHOOK_SECRET to the secret that the gateway has for this receiver")
        try:
            return cls(os.environ.get("DATABASE", "receiver.db"), secrets, keys)
        except ValueError as error:
            raise SystemExit(f"WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY: {error}") from None

    def answer(self, headers, body):
        """The status and the JSON to answer a POST with. `body` has the raw bytes."""
        if not self.is_genuine(headers, body):
            return 401, {"error": "the signature is not valid"}
        try:
            message = json.loads(body)
            kind, data = message["type"], message["data"]
            if kind == "receiver.challenge":
                return 200, self.proof(data["nonce"])
            return 200, self.take(headers["webhook-id"], kind, data)
        except (ValueError, KeyError, TypeError):
            return 400, {"error": "this is not a message"}

    def is_genuine(self, headers, body):
        message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not message_id or not re.fullmatch("[0-9]{1,12}", sent):
            return False
        if abs(self.clock() - int(sent)) > TOLERANCE_SECONDS:
            return False
        signed = f"{message_id}.{sent}.".encode(errors="surrogateescape") + body
        tokens = headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
        return any(self.matches(token, signed) for token in tokens)

    def matches(self, token, signed):
        """Whether one of our keys made this signature. One of a version that we do not know is skipped."""
        version, _, encoded = token.partition(",")
        try:
            given = base64.b64decode(encoded, validate=True)
        except ValueError:
            return False
        if version == "v1":
            found = [hmac.compare_digest(hmac.digest(secret, signed, "sha256"), given) for secret in self.secrets]
            return any(found)
        return version == "v1a" and any(verifies(key, given, signed) for key in self.public_keys)

    def proof(self, nonce):
        return {"nonce": nonce, "proof": hmac.new(self.secrets[0], nonce.encode(), hashlib.sha256).hexdigest()}

    def take(self, message_id, kind, data):
        """Do what a verified message says, and answer what is shown now. Nothing is answered before it is on the disk."""
        now = self.clock()
        with self.transaction():
            self.tidy(now)
            is_new = self.db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (message_id, now)).rowcount
            if is_new and kind == "state.snapshot":
                self.compare(data["sequence"], {one["card_id"] for one in data["active"]}, now)
            elif is_new and data.get("action") in ("display", "take_down"):  # whatever the type
                self.put(data, now)
            return self.state(data.get("card_id"))

    def put(self, data, now):
        known = self.entry(data["card_id"])
        if known and data["sequence"] <= known["sequence"]:
            return  # the fence
        expires_at = seconds(data["expires_at"]) if data["action"] == "display" else None
        card = json.dumps(data["card"]) if expires_at and expires_at > now else None
        row = (data["card_id"], data["sequence"], data["revision"], expires_at, None if card else now, card)
        self.db.execute("INSERT OR REPLACE INTO cards VALUES (?, ?, ?, ?, ?, ?)", row)
        self.changed(data["card_id"])

    def compare(self, sequence, listed, now):
        """Remove what a snapshot does not list, unless it is newer than the snapshot."""
        shown = self.db.execute("SELECT card_id FROM cards WHERE card IS NOT NULL AND sequence <= ?", (sequence,))
        self.remove([row["card_id"] for row in shown.fetchall() if row["card_id"] not in listed], now)

    def tidy(self, now):
        """Remove the cards whose time is over, and forget what ended seven days ago."""
        over = self.db.execute("SELECT card_id FROM cards WHERE card IS NOT NULL AND expires_at <= ?", (now,))
        self.remove([row["card_id"] for row in over.fetchall()], now)
        old = self.db.execute("SELECT card_id FROM cards WHERE ended_at <= ?", (now - KEPT_SECONDS,)).fetchall()
        for row in old:
            self.db.execute("DELETE FROM cards WHERE card_id = ?", (row["card_id"],))
            self.changed(row["card_id"])
        self.db.execute("DELETE FROM seen WHERE at <= ?", (now - KEPT_SECONDS,))

    def remove(self, card_ids, now):
        for card_id in card_ids:
            self.db.execute("UPDATE cards SET card = NULL, ended_at = ? WHERE card_id = ?", (now, card_id))
            self.changed(card_id)

    def changed(self, card_id):
        """Called in the transaction for every card that changed. Delete copies of its pictures here once it is removed."""

    def entry(self, card_id):
        return self.db.execute("SELECT * FROM cards WHERE card_id = ?", (card_id,)).fetchone()

    def state(self, card_id):
        entry = self.entry(card_id)
        return {"revision": entry["revision"], "state": "displayed" if entry["card"] else "removed"} if entry else {}

    def expire(self):
        """To be called every second: a gateway that cannot reach us cannot tell us either. It never raises."""
        try:
            with self.transaction():
                self.tidy(self.clock())
        except (sqlite3.Error, OSError) as error:
            print(f"cards whose time is over could not be removed, which is tried again: {error}", file=sys.stderr)

    def cards(self):
        """The cards to display now."""
        with self.lock:
            shown = "SELECT card FROM cards WHERE card IS NOT NULL AND expires_at > ? ORDER BY sequence"
            return [json.loads(row["card"]) for row in self.db.execute(shown, (self.clock(),))]

    @contextmanager
    def transaction(self):
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")


def decoded(text, prefix):
    return base64.b64decode(text.removeprefix(prefix), validate=True)


def public_key(raw):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def verifies(key, signature, signed):
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def seconds(time_text):
    return datetime.fromisoformat(time_text).timestamp()
