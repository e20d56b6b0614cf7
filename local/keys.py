"""The keys of one embedded AWS: made once, in a file that every AWS client can read."""

from __future__ import annotations

import base64
import configparser
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.secret_file import keep

PROFILE = "default"
ACCESS_KEY_BYTES = 10
SECRET_KEY_BYTES = 30


@dataclass(frozen=True)
class Keys:
    """An access key and its secret."""

    access_key: str
    secret_key: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client has them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    @property
    def file_text(self) -> str:
        """Them in AWS's format of a credentials file."""
        return (
            f"[{PROFILE}]\n"
            f"aws_access_key_id = {self.access_key}\n"
            f"aws_secret_access_key = {self.secret_key}\n"
        )


def new_keys() -> Keys:
    """Return keys that nobody else has."""
    number = base64.b32encode(secrets.token_bytes(ACCESS_KEY_BYTES)).decode()
    return Keys(f"LOCAL{number}", secrets.token_urlsafe(SECRET_KEY_BYTES))


def keys_in(file: Path) -> Keys:
    """Return the keys of a credentials file, made at the first call.

    Args:
        file: where they are kept, readable by its owner only.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(keep(file, new_keys().file_text), str(file))
    profile = parser[PROFILE]
    return Keys(profile["aws_access_key_id"], profile["aws_secret_access_key"])
