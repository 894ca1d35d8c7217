"""Which distribution a top-level module comes from, where its name does not say so."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from scanners.dependencies.requirements import normal

_OTHER: Final = """
PIL pillow; passlib passlib libpass; yaml pyyaml; cv2 opencv-python opencv-python-headless opencv-contrib-python
opencv-contrib-python-headless; sklearn scikit-learn; skimage scikit-image; bs4 beautifulsoup4; dateutil
python-dateutil; jwt pyjwt; jose python-jose; dotenv python-dotenv; git gitpython; github pygithub; gitlab
python-gitlab; OpenSSL pyopenssl; Crypto pycryptodome pycrypto; Cryptodome pycryptodomex; MySQLdb mysqlclient;
psycopg2 psycopg2 psycopg2-binary; psycopg psycopg psycopg-binary; attr attrs; serial pyserial; usb pyusb; zmq
pyzmq; magic python-magic; docx python-docx; pptx python-pptx; slugify python-slugify; rest_framework
djangorestframework; corsheaders django-cors-headers; debug_toolbar django-debug-toolbar; fitz pymupdf;
django_filters django-filter; storages django-storages; environ django-environ; crispy_forms django-crispy-forms;
allauth django-allauth; import_export django-import-export; simple_history django-simple-history; mptt django-mptt;
drf_spectacular drf-spectacular; drf_yasg drf-yasg; guardian django-guardian; reversion django-reversion; axes
django-axes; flask_sqlalchemy flask-sqlalchemy; flask_login flask-login; flask_cors flask-cors; flask_migrate
flask-migrate; flask_wtf flask-wtf; flask_caching flask-caching; flask_limiter flask-limiter; flask_babel
flask-babel flask-babelex; sentry_sdk sentry-sdk; prometheus_client prometheus-client; pythonjsonlogger
python-json-logger; elasticsearch_dsl elasticsearch-dsl; ldap python-ldap; ldap3 ldap3; memcache python-memcached;
pymemcache pymemcache; MySQLdb mysqlclient; pymysql pymysql; confluent_kafka confluent-kafka; kafka kafka-python
kafka-python-ng; nacl pynacl; socks pysocks; telegram python-telegram-bot; telebot pytelegrambotapi; discord
discord-py; slack_sdk slack-sdk; multipart python-multipart; socketio python-socketio; engineio python-engineio;
jinja2 jinja2; markdown markdown; lxml lxml; win32api pywin32; win32con pywin32; pythoncom pywin32; rapidjson
python-rapidjson; xmlsec xmlsec; pkg_resources setuptools; typing_extensions typing-extensions; ruamel ruamel-yaml;
pydantic_settings pydantic-settings; google_auth_oauthlib google-auth-oauthlib; airflow apache-airflow
apache-airflow-core; dns dnspython; whois python-whois; nmap python-nmap; Levenshtein levenshtein
python-levenshtein; snappy python-snappy; lz4 lz4; pyximport cython; Cython cython; faiss faiss-cpu faiss-gpu; torch
torch; torchvision torchvision; tensorflow tensorflow tensorflow-cpu; opensearchpy opensearch-py
"""
_SAME: Final = """
requests httpx aiohttp flask django fastapi starlette uvicorn gunicorn celery kombu redis pymongo motor sqlalchemy
alembic asyncpg aiosqlite pydantic click typer rich tqdm numpy pandas scipy matplotlib seaborn plotly boto3 botocore
aioboto3 stripe twilio jinja2 mako markdown lxml html5lib simplejson orjson ujson msgpack toml tomlkit paramiko
fabric invoke docker kubernetes hvac cryptography bcrypt passlib structlog loguru tenacity backoff cachetools arrow
pendulum pytz tzlocal humanize babel tabulate openpyxl xlsxwriter xlrd reportlab weasyprint selenium playwright
scrapy twisted tornado sanic falcon bottle pyramid peewee mongoengine elasticsearch psutil watchdog
filelock attrs marshmallow jsonschema graphene strawberry websockets gevent eventlet greenlet pika dramatiq huey rq
apscheduler schedule nltk spacy gensim transformers datasets openai anthropic langchain tiktoken polars pyarrow
xgboost lightgbm catboost statsmodels networkx sympy numba joblib h5py networkx shapely geopandas folium streamlit
gradio dash bokeh whitenoise newrelic ddtrace statsd phonenumbers faker emoji qrcode certifi urllib3 chardet idna
packaging platformdirs colorama
"""
_NAMESPACES: Final = frozenset(
    {"google", "azure", "opentelemetry", "zope", "jaraco", "backports", "sphinxcontrib", "plone", "odoo"}
)


_BROUGHT: Final = """
flask werkzeug jinja2 click markupsafe itsdangerous blinker; django asgiref sqlparse; requests urllib3 certifi idna
charset-normalizer; celery kombu billiard vine click amqp; fastapi starlette pydantic typing-extensions anyio; httpx
httpcore anyio certifi idna h11; boto3 botocore s3transfer jmespath; pandas numpy python-dateutil pytz; aiohttp
multidict yarl frozenlist aiosignal attrs; jinja2 markupsafe; pydantic pydantic-core typing-extensions
annotated-types; sqlalchemy greenlet typing-extensions; alembic mako sqlalchemy typing-extensions; uvicorn click
h11; scikit-learn numpy scipy joblib; scipy numpy; matplotlib numpy pillow packaging python-dateutil; botocore
urllib3 python-dateutil jmespath; kombu amqp vine; djangorestframework django; pytest packaging pluggy; aioboto3
aiobotocore boto3 botocore; aiobotocore botocore aiohttp; openai httpx pydantic anyio tqdm typing-extensions;
transformers numpy tqdm packaging pyyaml requests filelock
"""

_SHOWN: Final = """
flask werkzeug jinja2 click markupsafe itsdangerous; django asgiref; fastapi starlette pydantic; boto3 botocore;
aioboto3 botocore; requests urllib3; celery kombu billiard; pandas numpy; aiohttp multidict yarl; alembic sqlalchemy;
djangorestframework django; scikit-learn numpy; matplotlib numpy
"""


def _by_first(table: str) -> dict[str, frozenset[str]]:
    entries = [entry.split() for entry in table.split(";") if entry.split()]
    return {name: frozenset(others) for name, *others in entries}


BROUGHT: Final = _by_first(_BROUGHT)
"""Well-known distributions with what they require at all times."""

SHOWN: Final = _by_first(_SHOWN)
"""Well-known distributions with what their own documentation imports beside them."""


def _read() -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in _SAME.split()}
    for entry in _OTHER.split(";"):
        module, *names = entry.split() or [""]
        known[module] = tuple(names)
    return known


_KNOWN: Final = _read()


def distributions(module: str) -> tuple[str, ...]:
    """The normalised names of what may bring a top-level module, none when that is not known."""
    return _KNOWN.get(module, ())


def is_brought(module: str, declared: Sequence[str]) -> bool:
    """Whether one of the declared distributions, in order of name, may well be what a top-level module comes from."""
    top, known = normal(module), distributions(module)
    if any(_holds(declared, name) for name in (top, *known)):
        return True
    at = bisect_left(declared, f"{top}-")
    return (module in _NAMESPACES or not known) and declared[at : at + 1] != [] and declared[at].startswith(f"{top}-")


def _holds(declared: Sequence[str], name: str) -> bool:
    at = bisect_left(declared, name)
    return at < len(declared) and declared[at] == name
