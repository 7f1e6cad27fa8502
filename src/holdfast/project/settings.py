"""Every setting of Holdfast, all from the environment. docs/settings.md lists them."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from .database import addresses, database
from .logs import log_from_now_on

django_stubs_ext.monkeypatch()  # lets Django's generic classes be written with their types


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


def truth(name: str) -> bool:
    return text(name).lower() in {"1", "true", "yes", "on"}


# --- keys: each process that serves refuses to start without them (see project.keys) ---
REQUIRED_KEYS = ("HOLDFAST_SECRET_KEY", "HOLDFAST_TOKEN_KEY", "HOLDFAST_ENCRYPTION_KEYS")
MISSING_KEYS = [name for name in REQUIRED_KEYS if not text(name)]
SECRET_KEY = text("HOLDFAST_SECRET_KEY") or secrets.token_urlsafe(48)
HOLDFAST_TOKEN_KEY = text("HOLDFAST_TOKEN_KEY") or secrets.token_urlsafe(48)
HOLDFAST_ENCRYPTION_KEYS = words("HOLDFAST_ENCRYPTION_KEYS")

# --- where we are ---
HOLDFAST_DEMO = truth("HOLDFAST_DEMO")
HOLDFAST_PUBLIC_URL = text("HOLDFAST_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
# When the demo was started, in seconds since 1970: a worker's heartbeat from before is a dead one's.
HOLDFAST_STARTED_AT = datetime.fromtimestamp(number("HOLDFAST_STARTED_AT", 0), UTC)
HOLDFAST_SANDBOX_URL = text("HOLDFAST_SANDBOX_URL").rstrip("/")
HOLDFAST_LIVE_URL = text("HOLDFAST_LIVE_URL").rstrip("/")  # where /live/ is, unless a proxy has it beside us
HOLDFAST_TRUSTED_PROXIES = number("HOLDFAST_TRUSTED_PROXIES", 0)  # how many stand in front of us
PUBLIC_IS_HTTPS = HOLDFAST_PUBLIC_URL.startswith("https:")
DEBUG = False
ALLOWED_HOSTS = words(
    "HOLDFAST_ALLOWED_HOSTS", f"{urlsplit(HOLDFAST_PUBLIC_URL).hostname} localhost 127.0.0.1"
)

# --- limits: uses a minute, or an hour where the name says so; 0 for none ---
HOLDFAST_LIMITS = {
    "sign_in": number("HOLDFAST_LIMIT_SIGN_IN", 60),
    "register": number("HOLDFAST_LIMIT_REGISTER", 60),
    "start_by_address": number("HOLDFAST_LIMIT_START_BY_ADDRESS", 300),
    "start_by_user": number("HOLDFAST_LIMIT_START_BY_USER", 60),
    "promo_by_user": number("HOLDFAST_LIMIT_PROMO_BY_USER", 20),
    "promo_by_address": number("HOLDFAST_LIMIT_PROMO_BY_ADDRESS", 60),
    "look_up": number("HOLDFAST_LIMIT_LOOK_UP", 300),
    "bad_webhook": number("HOLDFAST_LIMIT_BAD_WEBHOOK", 60),
    "account_mail": number("HOLDFAST_LIMIT_ACCOUNT_MAIL", 10),
    "mail_to_an_hour": number("HOLDFAST_LIMIT_MAIL_TO_AN_HOUR", 5),
    "proof_by_user": number("HOLDFAST_LIMIT_PROOF_BY_USER", 5),
    "proof_by_user_an_hour": number("HOLDFAST_LIMIT_PROOF_BY_USER_AN_HOUR", 20),
    "upload_by_user": number("HOLDFAST_LIMIT_UPLOAD_BY_USER", 20),
}
HOLDFAST_HOLDS_A_CUSTOMER = number("HOLDFAST_HOLDS_A_CUSTOMER", 3)
HOLDFAST_HOLDS_AN_ADDRESS = number("HOLDFAST_HOLDS_AN_ADDRESS", 12)
# Streams open at once in one live process; 0 for any number.
HOLDFAST_LIVE_BY_ADDRESS = number("HOLDFAST_LIVE_BY_ADDRESS", 500)
HOLDFAST_LIVE_BY_USER = number("HOLDFAST_LIVE_BY_USER", 30)
HOLDFAST_CARTS_KEPT_DAYS = number("HOLDFAST_CARTS_KEPT_DAYS", 30)  # untouched
HOLDFAST_FILE_BYTES_A_DAY = number("HOLDFAST_FILE_BYTES_A_DAY", 50 * 1024 * 1024)

# --- tokens and mailed links, in seconds ---
HOLDFAST_ACCESS_LIFE = number("HOLDFAST_ACCESS_LIFE", 15 * 60)
HOLDFAST_REFRESH_LIFE = number("HOLDFAST_REFRESH_LIFE", 14 * 24 * 3600)
HOLDFAST_VERIFY_LIFE = number("HOLDFAST_VERIFY_LIFE", 3 * 24 * 3600)
HOLDFAST_TICKET_LIFE = number("HOLDFAST_TICKET_LIFE", 300)
HOLDFAST_RESET_LIFE = number("HOLDFAST_RESET_LIFE", 3600)

# --- gateways ---
HOLDFAST_WEB_THREADS = number("HOLDFAST_WEB_THREADS", 16)  # of one web process; gateways get half

DATABASE_URL, DATABASE_DIRECT_URL = addresses().url, addresses().direct
DATABASES = {
    "default": database(DATABASE_URL, pool=number("HOLDFAST_POOL", 20), direct_url=DATABASE_DIRECT_URL)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "holdfast_platform.User"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "procrastinate.contrib.django",
    "ninja",
    "holdfast.platform",
    "holdfast.catalog",
    "holdfast.availability",
    "holdfast.orders",
    "holdfast.payments",
    "holdfast.booking",
    "holdfast.notifications",
    "holdfast.flows",
    "holdfast.pages",
    "holdfast.desk",
    "holdfast.project",
]

MIDDLEWARE = [
    "holdfast.web.middleware.request_context",
    "holdfast.web.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "holdfast.web.edge.api_edge",
    "holdfast.web.bodies.limited_bodies",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "holdfast.web.middleware.MessagesOnPages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "holdfast.project.urls"
HOLDFAST_TRADES = "holdfast.project.surfaces.SPEECHES"  # how each trade tells of its bookings
WSGI_APPLICATION = "holdfast.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "holdfast.desk.waiting.waiting",
            ]
        },
    }
]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_IS_HTTPS
CSRF_TRUSTED_ORIGINS = [HOLDFAST_PUBLIC_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
# PhonePe's page wants to see which site the customer comes from.
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the longest body, but where files are sent: web.bodies
# Files are read in memory, so that a full disk cannot break off a request before we answer for it.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

UNFOLD = {"SITE_TITLE": "Holdfast", "SITE_HEADER": "Holdfast", "SITE_SUBHEADER": "Administration"}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = text("HOLDFAST_STATIC_ROOT") or None  # where collectstatic puts them, if it is used
WHITENOISE_USE_FINDERS = True

# --- files that people send: a folder, or any storage of Django's ---
HOLDFAST_FILES_STORAGE = text("HOLDFAST_FILES_STORAGE")
HOLDFAST_FILES_DIR = text("HOLDFAST_FILES_DIR") or str(Path(text("HOLDFAST_HOME") or ".holdfast") / "files")
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "files": {
        "BACKEND": HOLDFAST_FILES_STORAGE,
        "OPTIONS": json.loads(text("HOLDFAST_FILES_OPTIONS") or "{}"),
    }
    if HOLDFAST_FILES_STORAGE
    else {"BACKEND": "holdfast.platform.storage.FilesOnDisk", "OPTIONS": {"location": HOLDFAST_FILES_DIR}},
}

# --- mail: SMTP when HOLDFAST_SMTP_HOST is set, files when HOLDFAST_MAIL_DIR is, else the console ---
EMAIL_HOST = text("HOLDFAST_SMTP_HOST")
EMAIL_PORT = number("HOLDFAST_SMTP_PORT", 587)
EMAIL_HOST_USER = text("HOLDFAST_SMTP_USER")
EMAIL_HOST_PASSWORD = text("HOLDFAST_SMTP_PASSWORD")
EMAIL_USE_TLS = text("HOLDFAST_SMTP_TLS", "1") == "1"
EMAIL_TIMEOUT = 15
HOLDFAST_MAIL_DIR = text("HOLDFAST_MAIL_DIR")
DEFAULT_FROM_EMAIL = text("HOLDFAST_MAIL_FROM", "Holdfast <bookings@localhost>")
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
elif HOLDFAST_MAIL_DIR:
    EMAIL_BACKEND = "holdfast.notifications.eml.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LOGGING_CONFIG = None
LOGGING = log_from_now_on()
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]  # TLS ends at the proxy in front of us
NINJA_PAGINATION_PER_PAGE = 20
