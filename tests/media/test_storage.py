"""The storage: a folder or a bucket, the same for Django and for dispatch; and the public addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.core.files.storage.handler import StorageHandler
from moto.server import ThreadedMotoServer

from envoi.core import clock, links
from envoi.core.home import secret_key
from envoi.core.storage import Bucket, Folder, Missing, Unavailable, place


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that speaks S3, with a bucket; the address for ENVOI_FILES_URL."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket="envoi-files")
    yield f"s3://envoi-files/shop/one?endpoint_url={address}&region_name=us-east-1"
    server.stop()


def django_storage(where: Folder | Bucket) -> Storage:
    return StorageHandler({"default": where.django()})["default"]


def test_what_django_wrote_into_a_bucket_dispatch_reads(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVOI_FILES_URL", bucket)
    where = place()
    assert isinstance(where, Bucket)
    storage = django_storage(where)
    for content in (b"first", b"second"):
        assert storage.save("library/ab/abc", ContentFile(content)) == "library/ab/abc"
        assert where.read("library/ab/abc") == content
    with storage.open("library/ab/abc") as stored:
        stored.seek(3)
        assert stored.read(2) == b"on"
    storage.delete("library/ab/abc")
    with pytest.raises(Missing):
        where.read("library/ab/abc")


def test_a_bucket_out_of_reach_is_no_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Unavailable):
        Bucket("files", "", "http://127.0.0.1:9", "us-east-1").read("library/ab/abc")


def test_what_django_wrote_into_the_folder_dispatch_reads(tmp_path: Path) -> None:
    where = Folder(tmp_path)
    storage = django_storage(where)
    for content in (b"first", b"second"):
        assert storage.save("inbound/1/2", ContentFile(content)) == "inbound/1/2"
        assert where.read("inbound/1/2") == content
    assert (tmp_path / "inbound/1/2").stat().st_mode & 0o777 == 0o600
    for elsewhere in ("../secret", "inbound", "inbound/9", "/etc/hostname"):
        with pytest.raises(Missing):
            where.read(elsewhere)


def test_without_an_address_files_are_under_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVOI_FILES_URL", raising=False)
    where = place()
    assert isinstance(where, Folder)
    assert storages["default"].path("a") == str(where.root / "a")
    monkeypatch.setenv("ENVOI_FILES_URL", "https://example.com/files")
    with pytest.raises(ValueError, match="ENVOI_FILES_URL must be"):
        place()


def test_a_public_address_opens_one_file_for_a_while() -> None:
    address = urlsplit(links.file_link(12, "été 夏.png"))
    assert address.path.endswith("/%C3%A9t%C3%A9%20%E5%A4%8F.png")
    seal = address.path.split("/")[3]
    assert links.file_behind(seal) == 12
    number, ends, sign = seal.split(".")
    other = ("A" if sign[0] != "A" else "B") + sign[1:]
    for forged in (f"13.{ends}.{sign}", f"{number}.{int(ends) + 86_400}.{sign}", f"{number}.{ends}.{other}", "", "x"):
        assert links.file_behind(forged) is None
    until = datetime.fromtimestamp(int(ends), UTC)
    assert timedelta(days=1) <= until - clock.now() <= timedelta(days=2)
    assert links.file_behind(seal, at=until - timedelta(seconds=1)) == 12
    assert links.file_behind(seal, at=until) is None


def test_an_address_signed_before_the_key_was_changed_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    seal = urlsplit(links.file_link(12, "a.png")).path.split("/")[3]
    old = secret_key()
    monkeypatch.setenv("ENVOI_SECRET_KEY", "another")
    secret_key.cache_clear()
    try:
        assert links.file_behind(seal) is None
        monkeypatch.setenv("ENVOI_SECRET_KEY_OLD", old)
        assert links.file_behind(seal) == 12
    finally:
        monkeypatch.undo()
        secret_key.cache_clear()
