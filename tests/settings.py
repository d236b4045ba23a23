"""The product's own settings on a data folder of the tests' own."""

import atexit
import os
import shutil
import tempfile

# One for each process of tests and for what it starts, with a PostgreSQL of its own: what another's transactions hold
# back would be seen here, as it is in a real cluster.
if (
    "ENVOI_HOME" not in os.environ
    or os.environ.get("ENVOI_TEST_HOME") != os.environ["ENVOI_HOME"]
    or os.environ.get("ENVOI_TEST_WORKER", "") != os.environ.get("PYTEST_XDIST_WORKER", "")
):
    _home = tempfile.mkdtemp(prefix="envoi-tests-")
    os.environ["ENVOI_HOME"] = os.environ["ENVOI_TEST_HOME"] = _home
    os.environ["ENVOI_TEST_WORKER"] = os.environ.get("PYTEST_XDIST_WORKER", "")
    atexit.register(shutil.rmtree, _home, ignore_errors=True)

os.environ["ENVOI_PROVIDER_URLS"] = "1"

from envoi.config.settings import *  # noqa: F403
from envoi.config.settings import DATABASES

# The test database is made anew and dropped again: connections kept in a pool would hold it.
DATABASES["default"]["OPTIONS"].pop("pool", None)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["tests.hashing.OneRound"]
