"""Where the bytes of files are: a folder of this machine, or a bucket that speaks S3; the same place for every process.

Without Django, so that dispatch reads what the pages wrote. ENVOI_FILES_URL names a bucket,
`s3://bucket/prefix?endpoint_url=https://…&region_name=…`; its keys come from where Amazon's tools look for them
(AWS_ACCESS_KEY_ID and so on). Without it files are under ENVOI_HOME/files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .home import home


class Missing(Exception):
    """There is no such file in the storage."""


class Unavailable(Exception):
    """The storage does not answer; the file may well be there."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that all machines mount."""

    root: Path

    def read(self, path: str) -> bytes:
        """A whole file. Raises Missing, Unavailable."""
        where = (self.root / path).resolve()
        # Paths are ours and never a person's; this holds should one ever be.
        if not where.is_relative_to(self.root.resolve()):
            raise Missing(path)
        try:
            return where.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise Missing(path) from None
        except OSError as error:
            raise Unavailable(str(error)) from error

    def django(self) -> dict[str, Any]:
        """The same place for Django's STORAGES."""
        options = {
            "location": str(self.root),
            "allow_overwrite": True,
            # What customers sent is for Envoi's own user on this machine.
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket at Amazon or at anything else that speaks S3."""

    name: str
    prefix: str
    endpoint_url: str | None
    region_name: str | None

    def read(self, path: str) -> bytes:
        """A whole object. Raises Missing, Unavailable."""
        client = _client(self.endpoint_url, self.region_name)
        key = f"{self.prefix}/{path}" if self.prefix else path
        try:
            return bytes(client.get_object(Bucket=self.name, Key=key)["Body"].read())
        except client.exceptions.NoSuchKey:
            raise Missing(path) from None
        except Exception as error:
            # botocore's errors share no class with those of the connection below it.
            raise Unavailable(f"{type(error).__name__}: {error}") from error

    def django(self) -> dict[str, Any]:
        """The same place for Django's STORAGES, through django-storages."""
        options = {
            "bucket_name": self.name,
            "location": self.prefix,
            "endpoint_url": self.endpoint_url,
            "region_name": self.region_name,
            "file_overwrite": True,
            "default_acl": None,
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def place() -> Folder | Bucket:
    """The storage that the environment names. Raises ValueError, with a sentence, for an address that is none."""
    address = os.environ.get("ENVOI_FILES_URL", "").strip()
    if not address:
        return Folder(home() / "files")
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError("ENVOI_FILES_URL must be s3://bucket/prefix, or be left out to keep files in a folder.")
    query = dict(parse_qsl(parts.query))
    return Bucket(
        name=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint_url=query.get("endpoint_url"),
        region_name=query.get("region_name"),
    )


@cache
def _client(endpoint_url: str | None, region_name: str | None) -> Any:
    # Part of the extra `s3`: who keeps files in a folder neither has nor loads it.
    return import_module("boto3").client("s3", endpoint_url=endpoint_url, region_name=region_name)
