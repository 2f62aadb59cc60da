"""Tells the merchant: signed webhooks over HTTP, tried again until they are answered."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Sequence
from threading import Lock, Thread
from urllib.parse import urlsplit

from .ledger import Event, Ledger, Record, Unknown

SIGNATURE = "Webkit-Local-Signature"
PAUSES: Sequence[float] = (0.0, 0.5, 2.0, 10.0, 30.0)
PATIENCE_SECONDS = 10.0

_busy: set[tuple[str, str]] = set()
_busy_lock = Lock()


def start(ledger: Ledger, checkout_id: str, pauses: Sequence[float] = PAUSES) -> None:
    """Deliver in the background what is undelivered. One thread for each checkout of this process is enough."""
    name = (str(ledger.folder), checkout_id)
    with _busy_lock:
        if name in _busy:
            return
        _busy.add(name)

    def run() -> None:
        try:
            _deliver_patiently(ledger, checkout_id, pauses)
        finally:
            with _busy_lock:
                _busy.discard(name)

    Thread(target=run, daemon=True, name=f"payments-local-{checkout_id}").start()


def deliver(ledger: Ledger, checkout_id: str) -> bool:
    """Try every undelivered event once, oldest first; True if none is left."""
    record = ledger.get(checkout_id)
    for event in record.undelivered:
        if not _post(record.order["notify_url"], body(record, event), ledger.secret()):
            return False
        with ledger.changing(checkout_id) as current:
            next(known for known in current.events if known.id == event.id).delivered = True
    return not ledger.get(checkout_id).undelivered


def body(record: Record, event: Event) -> bytes:
    """The bytes of a webhook."""
    content = {
        "id": event.id,
        "type": event.type,
        "created": event.created,
        "checkout": record.id,
        "payment": record.id.replace("co_", "pay_", 1) if event.type != "checkout.failed" else "",
        "reference": record.order["reference"],
        "amount": event.amount,
        "currency": record.order["currency"],
        "part": event.part,
        "key": event.key,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def signature(secret: bytes, content: bytes, at: int) -> str:
    """`t=<seconds>,v1=<hmac>`: the time is signed too, so that an old message cannot be played again."""
    code = hmac.new(secret, str(at).encode() + b"." + content, hashlib.sha256).hexdigest()
    return f"t={at},v1={code}"


def _deliver_patiently(ledger: Ledger, checkout_id: str, pauses: Sequence[float]) -> None:
    """Whatever is still undelivered afterwards goes out when the merchant next asks about the checkout."""
    for pause in pauses:
        time.sleep(pause)
        try:
            if deliver(ledger, checkout_id):
                return
        except Unknown:
            return  # its books were put away meanwhile


def _post(url: str, content: bytes, secret: bytes) -> bool:
    """Post to the merchant. No proxy, no redirect: the answer must be its own, and a success."""
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", SIGNATURE: signature(secret, content, int(time.time()))}
    connection = kind(where.hostname or "", where.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", where.path + (f"?{where.query}" if where.query else ""), content, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
