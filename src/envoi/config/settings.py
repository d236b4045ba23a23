"""Django's settings, from the environment that the README lists."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from envoi.core import smtp
from envoi.core.home import home, secret_key
from envoi.core.postgres import database_url
from envoi.core.sessions import KeysOnly
from envoi.core.storage import place

PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = [old] if (old := os.environ.get("ENVOI_SECRET_KEY_OLD")) else []
DEBUG = False

BASE_URL = os.environ.get("ENVOI_BASE_URL", "http://localhost:8000").rstrip("/")
_base = urlsplit(BASE_URL)
SECURE = _base.scheme == "https"
ALLOWED_HOSTS = [_base.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "envoi_session"
CSRF_COOKIE_NAME = "envoi_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "envoi.web",
    "envoi.team",
    "envoi.notifications",
    "envoi.rest",
    "envoi.channels",
    "envoi.media",
    "envoi.rates",
    "envoi.contacts",
    "envoi.orders",
    "envoi.segments",
    "envoi.message_templates",
    "envoi.messaging",
    "envoi.campaigns",
    "envoi.inbox",
    "envoi.replies",
    "envoi.staffing",
    "envoi.records",
    "envoi.reports",
    "envoi.intake",
    "django_cotton",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "envoi.rest.door.never_html",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "envoi.web.middleware.problems",
    "envoi.web.middleware.sign_in_again",
    "envoi.team.middleware.own_time",
    "envoi.team.middleware.present",
    "envoi.team.middleware.second_step",
    "envoi.rest.door.door",
]

ROOT_URLCONF = "envoi.config.urls"
ASGI_APPLICATION = "envoi.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]
COTTON_DIR = "cotton"

_address = conninfo_to_dict(database_url())
# Intake runs the same statements over and over, and planning them took PostgreSQL longer than the work itself. As in
# dispatch, every one finds its rows by their keys.
_prepares = os.environ.get("ENVOI_PREPARES") == "1"
# Server-side cursors and prepared statements suit a pooler in session mode; PgBouncer needs nothing more.
PREPARED = {"server_side_binding": True, "prepare_threshold": 1}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _address.pop("dbname", ""),
        "USER": _address.pop("user", ""),
        "PASSWORD": _address.pop("password", ""),
        "HOST": _address.pop("host", ""),
        "PORT": _address.pop("port", ""),
        "CONN_MAX_AGE": 0,
        # The pool looks whether a connection lives before it hands it out: the server may have been restarted.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_address,
            "pool": {
                "min_size": 0,
                "max_size": 16,
                "timeout": 10,
                **({"connection_class": KeysOnly} if _prepares else {}),
            },
            **(PREPARED if _prepares else {}),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The e-mail is unique whatever its capitals: a constraint on lower(email), which the check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTH_USER_MODEL = "team.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "envoi.team.signin.Adapter"
ACCOUNT_LOGOUT_ON_GET = False
# Failed sign-ins are counted by address too; behind proxies of your own the address is the one that they pass on.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("ENVOI_PROXIES") or 0)
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Envoi"
# A code that ran out while it was typed, or comes from a clock that is half a minute off, still counts (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "envoi.team.signin.SecondStep"

# E-mail goes to the server in ENVOI_SMTP_URL; without one it is written to the process's output, for trying out.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("ENVOI_MAIL_FROM") or f"envoi@{_base.hostname or 'localhost'}"
if _smtp_url := os.environ.get("ENVOI_SMTP_URL"):
    _smtp = smtp.parse(_smtp_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _smtp.host, _smtp.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp.user, _smtp.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _smtp.ssl, _smtp.starttls
    EMAIL_TIMEOUT = 20
# Push services besides those of the browsers' makers, as host or host:port, with commas between.
PUSH_HOSTS = frozenset(filter(None, os.environ.get("ENVOI_PUSH_HOSTS", "").replace(" ", "").split(",")))

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [PACKAGE / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
MEDIA_ROOT = home() / "files"
STORAGES = {
    "default": place().django(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A file is spooled to disk beyond this size and streamed from there, so a large import takes no memory.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Whether an account may carry its own address instead of its provider's (simulator, proxies, tests).
PROVIDER_URLS = os.environ.get("ENVOI_PROVIDER_URLS") == "1"
# Rules may call webhooks inside the company's own network.
PRIVATE_WEBHOOKS = os.environ.get("ENVOI_PRIVATE_WEBHOOKS") == "1"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "envoi": {"level": "INFO"},
        # Answered with 400; anyone can cause these, and a traceback for each would drown the log.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}

# How long webhooks are kept after they were worked through: long enough to replay what a mistaken version made of them.
WEBHOOK_DAYS = int(os.environ.get("ENVOI_WEBHOOK_DAYS") or 30)
