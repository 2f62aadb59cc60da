"""The S3 among the doubles: nothing unsigned gets through. Our own S3 provider passes its contract against it, too."""

from __future__ import annotations

import io
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from webkit.sdk.testing.doubles.s3 import S3

SESSION = boto3.session.Session()  # one, because it remembers the big description of the service


@pytest.fixture
def vendor() -> Iterator[S3]:
    with S3(buckets=("files",)) as vendor:
        yield vendor


def client(vendor: S3, **given: Any) -> Any:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    options = {"aws_access_key_id": vendor.key_id, "aws_secret_access_key": vendor.secret, "region_name": vendor.region}
    return SESSION.client("s3", endpoint_url=vendor.url, config=config, **{**options, **given})


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_objects_come_back_with_what_was_said_of_them(vendor: S3) -> None:
    s3 = client(vendor)
    s3.put_object(Bucket="files", Key="a/à b+c.txt", Body=b"hello", ContentType="text/plain", Metadata={"who": "ada"})
    answer = s3.get_object(Bucket="files", Key="a/à b+c.txt")
    assert (answer["Body"].read(), answer["ContentType"], answer["Metadata"]) == (
        b"hello",
        "text/plain",
        {"who": "ada"},
    )
    assert list(vendor.objects["files"]) == ["a/à b+c.txt"]
    assert s3.head_object(Bucket="files", Key="a/à b+c.txt")["ContentLength"] == 5


def test_who_is_not_known_gets_nothing(vendor: S3) -> None:
    for given, code in (
        ({"aws_access_key_id": "AKIOTHER"}, "InvalidAccessKeyId"),
        ({"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"region_name": "eu-west-1"}, "AuthorizationHeaderMalformed"),
    ):
        assert refused(client(vendor, **given).put_object, Bucket="files", Key="a", Body=b"x") == code
    with pytest.raises(urllib.error.HTTPError) as nobody:
        urllib.request.urlopen(f"{vendor.url}/files/a")
    assert nobody.value.code == 403
    nobody.value.close()
    assert vendor.objects == {"files": {}}


def test_clocks_must_agree(vendor: S3) -> None:
    vendor.ahead = timedelta(minutes=16)
    assert refused(client(vendor).list_objects_v2, Bucket="files") == "RequestTimeTooSkewed"


def test_signed_addresses_work_as_long_as_they_say_and_only_for_what_they_say(vendor: S3) -> None:
    s3 = client(vendor)
    for key in ("a", "b"):
        s3.put_object(Bucket="files", Key=key, Body=key.encode())
    url = s3.generate_presigned_url(
        "get_object",
        Params={"Bucket": "files", "Key": "a", "ResponseContentDisposition": 'attachment; filename="x.txt"'},
        ExpiresIn=60,
    )
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"a"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="x.txt"'
    for changed in (url.replace("/files/a", "/files/b"), url.replace("x.txt", "y.txt"), url.replace("60", "61")):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(changed)
        assert refusal.value.code == 403
        refusal.value.close()
    vendor.ahead = timedelta(seconds=62)
    with pytest.raises(urllib.error.HTTPError) as late:
        urllib.request.urlopen(url)
    assert b"expired" in late.value.read()


def test_what_is_missing_is_told_apart(vendor: S3) -> None:
    s3 = client(vendor)
    assert refused(s3.get_object, Bucket="files", Key="a") == "NoSuchKey"
    assert refused(s3.get_object, Bucket="other", Key="a") == "NoSuchBucket"
    assert refused(s3.get_object_acl, Bucket="files", Key="a") == "NotImplemented"
    s3.delete_object(Bucket="files", Key="a")
    s3.put_object(Bucket="files", Key="a", Body=b"123")
    assert refused(s3.get_object, Bucket="files", Key="a", Range="bytes=3-") == "InvalidRange"
    assert s3.get_object(Bucket="files", Key="a", Range="bytes=-2")["Body"].read() == b"23"


def test_parts_are_whole_in_order_and_large_enough() -> None:
    with S3(buckets=("files",), smallest_part=10) as vendor:
        s3 = client(vendor)
        place: dict[str, Any] = {"Bucket": "files", "Key": "big"}
        upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
        tags = [
            s3.upload_part(**upload, PartNumber=number, Body=io.BytesIO(body))["ETag"]
            for number, body in enumerate((b"x" * 10, b"y" * 9, b"z"), start=1)
        ]

        def complete(*numbers: int, tag: str = "") -> dict[str, Any]:
            parts = [{"PartNumber": number, "ETag": tag or tags[number - 1]} for number in numbers]
            return {**upload, "MultipartUpload": {"Parts": parts}}

        assert refused(s3.complete_multipart_upload, **complete(2, 1)) == "InvalidPartOrder"
        assert refused(s3.complete_multipart_upload, **complete(1, tag='"no"')) == "InvalidPart"
        assert refused(s3.complete_multipart_upload, **complete(1, 2, 3)) == "EntityTooSmall"
        assert refused(s3.get_object, **place) == "NoSuchKey"
        s3.complete_multipart_upload(**complete(1, 2))
        assert vendor.objects["files"]["big"].body == b"x" * 10 + b"y" * 9
        assert refused(s3.abort_multipart_upload, **upload) == "NoSuchUpload"


def test_pages_of_a_list(vendor: S3) -> None:
    s3 = client(vendor)
    for number in range(5):
        s3.put_object(Bucket="files", Key=f"a/{number}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="files", Prefix="a/", PaginationConfig={"PageSize": 2})
    assert [[row["Key"] for row in page["Contents"]] for page in pages] == [["a/0", "a/1"], ["a/2", "a/3"], ["a/4"]]


def test_it_fails_when_told_to(vendor: S3) -> None:
    s3 = client(vendor)
    vendor.fail(503, times=1)
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket="files")
    vendor.fail(drop="after")
    with pytest.raises(Exception, match="closed"):
        s3.put_object(Bucket="files", Key="a", Body=b"x")
    assert vendor.objects["files"]["a"].body == b"x"


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.s3", "--bucket", "files", "--secret", "s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        options = {"aws_access_key_id": "AKIDOUBLE", "aws_secret_access_key": "s", "region_name": "us-east-1"}
        s3 = SESSION.client("s3", endpoint_url=url, **options)
        s3.put_object(Bucket="files", Key="a", Body=b"x")
        with urllib.request.urlopen(f"{url}/_control/calls") as answer:
            assert b'"PUT"' in answer.read()
        process.terminate()
        assert process.wait(10) == 0
