"""Django's settings. What an operator may choose stands in env.py; here stands what follows from it."""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config import env, errors, logging
from config.database import database
from config.mail import mail_server

ENV = env.load()
errors.report_errors(ENV)
BASE_DIR = env.BASE_DIR
DATA_DIR = ENV.data
SCRATCH_DIR = DATA_DIR / "scratch"

# Plimsoll
PORT = ENV.port
BIND = str(ENV.bind)
BASE_URL = ENV.base_url
FIELD_KEYS = ENV.field_keys
SIGNING_KEY = ENV.signing_key
FORMER_SIGNERS = ENV.former_signers
LOCAL_ROOTS = ENV.local_roots
ALLOWED_SCHEMES = ENV.allowed_schemes
ALLOWED_PRIVATE = ENV.allowed_private
LEASE_SECONDS = ENV.lease_seconds
HEARTBEAT_SECONDS = ENV.heartbeat_seconds
REQUEUE_SECONDS = ENV.requeue_seconds
SCAN_SECONDS = ENV.scan_seconds
MAX_ATTEMPTS = ENV.max_attempts
POLL_SECONDS = ENV.poll_seconds
POLL_CONCURRENCY = ENV.poll_concurrency
ADVISORIES = ENV.advisories
ADVISORIES_SECONDS = ENV.advisories_seconds
ADVISORIES_MAX_AGE_DAYS = ENV.advisories_max_age_days
STOP_SECONDS = ENV.stop_seconds
TRUSTED_PROXIES = ENV.trusted_proxies

# Django
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DATABASES = {"default": database(ENV.database_url, ENV.statement_seconds)}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["reviews.signoff.uploads.Bounded"]
LOGGING = logging.configure(ENV.log_level, ENV.log_format)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# At 10 (debug): a request then is one line, and the hints that go round every few seconds are none, also when they
# expire because every worker is busy.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = 10
DJANGO_STRUCTLOG_CELERY_TASK_RETRY_LOG_LEVEL = 10

INSTALLED_APPS = [
    "reviews",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_structlog",
    "template_partials",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "config.proxies.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # Safe with forms: Django masks the CSRF token anew in each answer.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

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
            ],
        },
    }
]

# Accounts
AUTH_USER_MODEL = "reviews.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "config.accounts.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_PREVENT_ENUMERATION = True
# By address only; per name axes counts, below.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip"}

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
# By name and address together: nobody can lock a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "config.accounts.attempted_name"
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_NAME = "plimsoll_session"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "plimsoll_csrf"
CSRF_COOKIE_SAMESITE = "Lax"

# Mail. Without a server the outbox is not sent, and a link for a new password goes into the log.
_MAIL = mail_server(ENV.smtp_url)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL.host else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.tls == "tls", _MAIL.tls == "starttls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail_from or "plimsoll@localhost"

# What a browser may do, and how it must reach the site
_SITE = urlsplit(BASE_URL)
_HTTPS = _SITE.scheme == "https"
# The names of this machine let health checks ask without knowing the site's name.
ALLOWED_HOSTS = list(dict.fromkeys([str(_SITE.hostname), *ENV.allowed_hosts, "localhost", "127.0.0.1", "[::1]"]))
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Preloading is a promise for a whole domain, which is its owner's to make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Static files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
_PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
_HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _PLAIN if DEBUG else _HASHED},
}

# Cache
_CACHE_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 1}
_REDIS_CACHE = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": ENV.redis_url,
    "KEY_PREFIX": "plimsoll",
    "OPTIONS": _CACHE_OPTIONS,
}
CACHES = {
    "default": _REDIS_CACHE if ENV.redis_url else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Celery. The database is the queue of record; a message only says "look now" and may be lost.
_MESSAGES = DATA_DIR / "queue" / "messages"
_FILE_OPTIONS = {
    "data_folder_in": _MESSAGES,
    "data_folder_out": _MESSAGES,
    "control_folder": _MESSAGES.with_name("control"),
    "polling_interval": 0.02,
}
_REDIS_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "global_keyprefix": "plimsoll.",
    # Longer than any task, or a task that is still running would be handed out again.
    "visibility_timeout": int(2 * SCAN_SECONDS + 60),
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_URL = ENV.redis_url or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = _REDIS_OPTIONS if ENV.redis_url else _FILE_OPTIONS
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
# What fetches from repositories takes minutes and waits in a line of its own: mails, statuses and deliveries do not.
# A worker that is told of no queue takes from both.
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in ("scans", "errands")}
CELERY_TASK_DEFAULT_QUEUE = "errands"
CELERY_TASK_ROUTES = {
    "reviews.tasks.wake": {"queue": "scans"},
    "reviews.tasks.read_for_reviews": {"queue": "scans"},
    "reviews.tasks.make_patches": {"queue": "scans"},
    "reviews.tasks.trace_introductions": {"queue": "scans"},
    "reviews.tasks.read_advisories": {"queue": "scans"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = SCAN_SECONDS + 30
CELERY_TASK_TIME_LIMIT = SCAN_SECONDS + 60
CELERY_WORKER_CONCURRENCY = ENV.scan_concurrency
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    "requeue": {
        "task": "reviews.tasks.requeue",
        "schedule": REQUEUE_SECONDS,
        "options": {"expires": REQUEUE_SECONDS},
    },
    "sort": {"task": "reviews.tasks.sort", "schedule": REQUEUE_SECONDS, "options": {"expires": REQUEUE_SECONDS}},
    "look": {"task": "reviews.tasks.look", "schedule": 10, "options": {"expires": 10}},
    "review-ends": {"task": "reviews.tasks.review_ends", "schedule": 30, "options": {"expires": 30}},
    "waiver-ends": {"task": "reviews.tasks.waiver_ends", "schedule": 60, "options": {"expires": 60}},
    "advisories": {"task": "reviews.tasks.tend_advisories", "schedule": 60, "options": {"expires": 60}},
    "deliver": {"task": "reviews.tasks.deliver", "schedule": 10, "options": {"expires": 10}},
    "tell-forges": {"task": "reviews.tasks.tell_forges", "schedule": 10, "options": {"expires": 10}},
    "tell-due": {"task": "reviews.tasks.tell_due", "schedule": 30, "options": {"expires": 30}},
    "clean": {"task": "reviews.tasks.clean", "schedule": 3600, "options": {"expires": 3600}},
}
if not ENV.redis_url:
    _MESSAGES.mkdir(parents=True, exist_ok=True)
