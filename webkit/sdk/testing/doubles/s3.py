"""An S3 on loopback, as strict as the real ones: it checks every signature, every expiry and every part.

    with S3(buckets=("files",)) as vendor:
        vendor.url, vendor.key_id, vendor.secret
        vendor.fail(503, times=2)                   # see doubles.http
        vendor.objects["files"]["a/b.pdf"].body     # what is kept

    python -m webkit.sdk.testing.doubles.s3 --port 0 --bucket files

Spoken, with the path-style address `/bucket/key`: PUT, GET (one range), HEAD and DELETE of objects, ListObjectsV2,
HEAD and PUT of buckets, uploads in parts, signatures of version 4 in the header or in the address. The rest is refused.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import secrets
import threading
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from webkit.sdk.testing.doubles import sigv4
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.doubles.running import wait_for_the_end

__all__ = ["S3", "Kept"]

SMALLEST_PART = 5 * 2**20
MOST_PARTS = 10_000
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_RESPONSE = ("response-content-type", "response-content-disposition", "response-cache-control")
_UNSPOKEN = ("acl", "tagging", "versioning", "policy", "cors", "lifecycle", "versionId", "select", "torrent", "restore")


@dataclass(frozen=True, slots=True)
class Kept:
    """An object."""

    body: bytes = field(repr=False)
    content_type: str
    etag: str
    at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Upload:
    bucket: str
    key: str
    content_type: str
    metadata: dict[str, str]
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


class S3(HttpDouble):
    """The vendor; everything is in memory."""

    def __init__(
        self,
        *,
        port: int = 0,
        key_id: str = "AKIDOUBLE",
        secret: str = "double-secret",
        region: str = "us-east-1",
        buckets: Iterable[str] = ("bucket",),
        smallest_part: int = SMALLEST_PART,
    ) -> None:
        super().__init__(port=port)
        self.key_id, self.secret, self.region = key_id, secret, region
        self.objects: dict[str, dict[str, Kept]] = {name: {} for name in buckets}
        self.uploads: dict[str, _Upload] = {}
        self.ahead = timedelta()
        self.smallest_part = smallest_part
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Its clock, which `ahead` puts forward."""
        return datetime.now(UTC) + self.ahead

    def answer(self, call: Call) -> Answer:
        """One call: who asks is settled before what."""
        known = sigv4.Known(self.key_id, self.secret, self.region, "s3")
        try:
            body = sigv4.verified(call, known, self.now())
        except sigv4.Unsigned as error:
            raise _refused(403, error.code, str(error)) from None
        if unspoken := [name for name in _UNSPOKEN if name in call.query]:
            raise _refused(501, "NotImplemented", f"{unspoken[0]} is not spoken here")
        _check_sums(call, body)
        bucket, _, key = unquote(call.path).removeprefix("/").partition("/")
        with self._lock:
            if not key:
                return self._bucket(call, bucket)
            if bucket not in self.objects:
                raise _refused(404, "NoSuchBucket", "there is no such bucket")
            if "uploads" in call.query or "uploadId" in call.query:
                return self._parts(call, bucket, key, body)
            return self._object(call, bucket, key, body)

    def _bucket(self, call: Call, name: str) -> Answer:
        if call.method == "PUT" and name:
            if name in self.objects:
                raise _refused(409, "BucketAlreadyOwnedByYou", "it is yours already")
            if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
                raise _refused(400, "InvalidBucketName", "that is no name of a bucket")
            self.objects[name] = {}
            return Answer(200, b"", {"Location": f"/{name}"})
        if name not in self.objects:
            raise _refused(404, "NoSuchBucket", "there is no such bucket")
        if call.method == "HEAD":
            return Answer(200)
        if call.method == "GET" and call.query.get("list-type") == "2":
            return self._list(call, name)
        raise _refused(501, "NotImplemented", "that is not spoken here")

    def _list(self, call: Call, name: str) -> Answer:
        most = min(int(call.query.get("max-keys", "1000")), 1000)
        prefix, after = call.query.get("prefix", ""), call.query.get("continuation-token", "")
        after = max(after, call.query.get("start-after", ""))
        found = sorted(key for key in self.objects[name] if key.startswith(prefix) and key > after)
        rows = "".join(_row(key, self.objects[name][key]) for key in found[:most])
        more = len(found) > most
        token = f"<NextContinuationToken>{escape(found[most - 1])}</NextContinuationToken>" if more and most else ""
        return _xml(
            f"<ListBucketResult><Name>{name}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(found[:most])}"
            f"</KeyCount><MaxKeys>{most}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}"
            "</ListBucketResult>"
        )

    def _object(self, call: Call, bucket: str, key: str, body: bytes) -> Answer:
        objects = self.objects[bucket]
        if call.method == "PUT":
            if "x-amz-copy-source" in call.headers:
                raise _refused(501, "NotImplemented", "copies are not spoken here")
            if len(key.encode()) > 1024:
                raise _refused(400, "KeyTooLongError", "a key has at most 1024 bytes")
            objects[key] = self._kept(body, call.headers.get("content-type", ""), _metadata(call))
            return Answer(200, b"", {"ETag": objects[key].etag})
        if call.method == "DELETE":
            objects.pop(key, None)
            return Answer(204)
        if call.method not in ("GET", "HEAD"):
            raise _refused(405, "MethodNotAllowed", "not on an object")
        if key not in objects:
            raise _refused(404, "NoSuchKey", "nothing is kept under this key")
        return _shown(call, objects[key])

    def _kept(self, body: bytes, content_type: str, metadata: Mapping[str, str], etag: str = "") -> Kept:
        etag = etag or f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        return Kept(body, content_type or "binary/octet-stream", etag, self.now(), dict(metadata))

    # --- uploads in parts -----------------------------------------------------------------------------------------

    def _parts(self, call: Call, bucket: str, key: str, body: bytes) -> Answer:
        if call.method == "POST" and "uploads" in call.query:
            identity = secrets.token_hex(16)
            self.uploads[identity] = _Upload(bucket, key, call.headers.get("content-type", ""), _metadata(call))
            return _xml(
                f"<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
                f"<UploadId>{identity}</UploadId></InitiateMultipartUploadResult>"
            )
        identity = call.query.get("uploadId", "")
        upload = self.uploads.get(identity)
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise _refused(404, "NoSuchUpload", "there is no such upload")
        if call.method == "PUT":
            return _part(upload, call.query.get("partNumber", ""), body)
        if call.method == "DELETE":
            del self.uploads[identity]
            return Answer(204)
        if call.method == "POST":
            return self._complete(identity, upload, body)
        raise _refused(501, "NotImplemented", "that is not spoken here")

    def _complete(self, identity: str, upload: _Upload, body: bytes) -> Answer:
        asked = _asked_parts(body)
        if [number for number, _ in asked] != sorted({number for number, _ in asked}):
            raise _refused(400, "InvalidPartOrder", "parts are listed in their order, each once")
        for number, etag in asked:
            if number not in upload.parts or upload.parts[number][0].strip('"') != etag.strip('"'):
                raise _refused(400, "InvalidPart", f"part {number} was not sent like this")
        contents = [upload.parts[number][1] for number, _ in asked]
        if any(len(content) < self.smallest_part for content in contents[:-1]):
            raise _refused(400, "EntityTooSmall", f"every part but the last has at least {self.smallest_part} bytes")
        sums = b"".join(hashlib.md5(content, usedforsecurity=False).digest() for content in contents)
        etag = f'"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-{len(contents)}"'
        kept = self._kept(b"".join(contents), upload.content_type, upload.metadata, etag)
        self.objects[upload.bucket][upload.key] = kept
        del self.uploads[identity]
        return _xml(
            f"<CompleteMultipartUploadResult><Bucket>{upload.bucket}</Bucket><Key>{escape(upload.key)}</Key>"
            f"<ETag>{escape(etag)}</ETag></CompleteMultipartUploadResult>"
        )


def _part(upload: _Upload, number: str, body: bytes) -> Answer:
    if not number.isdigit() or not 1 <= int(number) <= MOST_PARTS:
        raise _refused(400, "InvalidArgument", f"parts are numbered from 1 to {MOST_PARTS}")
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    upload.parts[int(number)] = (etag, body)
    return Answer(200, b"", {"ETag": etag})


def _asked_parts(body: bytes) -> list[tuple[int, str]]:
    try:
        root = ElementTree.fromstring(body)
        parts = [element for element in root if element.tag.endswith("Part")]
        found = [{child.tag.rpartition("}")[2]: child.text or "" for child in part} for part in parts]
        return [(int(part["PartNumber"]), part["ETag"]) for part in found]
    except (ElementTree.ParseError, KeyError, ValueError):
        raise _refused(400, "MalformedXML", "the list of parts cannot be read") from None


def _shown(call: Call, kept: Kept) -> Answer:
    """An object or the part of it that was asked for."""
    headers = {
        "ETag": kept.etag,
        "Last-Modified": format_datetime(kept.at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": kept.content_type,
        **{f"x-amz-meta-{name}": value for name, value in kept.metadata.items()},
    }
    for name in _RESPONSE:
        if name in call.query:
            headers[name.removeprefix("response-").title()] = call.query[name]
    start, end = _range(call.headers.get("range", ""), len(kept.body))
    if (start, end) == (0, len(kept.body)) and "range" not in call.headers:
        return Answer(200, kept.body, headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(kept.body)}"
    return Answer(206, kept.body[start:end], headers)


def _range(asked: str, size: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(asked)
    if not asked or found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    if start >= size or start >= end:
        raise _refused(416, "InvalidRange", "the object ends before that")
    return start, end


def _check_sums(call: Call, body: bytes) -> None:
    """Sums that came along are true; a wrong one means the body changed on its way."""
    given = {
        "content-md5": hashlib.md5(body, usedforsecurity=False).digest(),
        "x-amz-checksum-crc32": zlib.crc32(body).to_bytes(4, "big"),
        "x-amz-checksum-sha256": hashlib.sha256(body).digest(),
    }
    for name, true in given.items():
        if name in call.headers and call.headers[name] != base64.b64encode(true).decode():
            raise _refused(400, "BadDigest", f"{name} is not that of the body")


def _metadata(call: Call) -> dict[str, str]:
    start = "x-amz-meta-"
    return {name.removeprefix(start): value for name, value in call.headers.items() if name.startswith(start)}


def _row(key: str, kept: Kept) -> str:
    return (
        f"<Contents><Key>{escape(key)}</Key><Size>{len(kept.body)}</Size><ETag>{escape(kept.etag)}</ETag>"
        f"<LastModified>{kept.at.strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified></Contents>"
    )


def _xml(text: str) -> Answer:
    return Answer(200, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', {"Content-Type": "application/xml"})


def _refused(status: int, code: str, text: str) -> Refused:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Refused(status, body, {"Content-Type": "application/xml"})


def main() -> None:
    """Run as a process until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--key-id")
    parser.add_argument("--secret")
    given = parser.parse_args()
    options: dict[str, Any] = {name: value for name in ("key_id", "secret") if (value := getattr(given, name))}
    with S3(port=given.port, buckets=given.bucket or ("bucket",), **options) as vendor:
        print(vendor.url, flush=True)  # noqa: T201  whoever started it reads this line
        wait_for_the_end()


if __name__ == "__main__":
    main()
