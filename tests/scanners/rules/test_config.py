"""Shapes of the area config that do not belong on the page of a rule: where a line is reported, and where none is."""

import pytest

from scanners.finding import Confidence, Severity
from scanners.scan import scan_files

ADDRESS, MODE, SECRET = "hardcoded-address", "development-mode-shipped", "secret-with-default"
READ, FLAG, UNDOCUMENTED = "env-read-unvalidated", "env-flag-read-as-text", "env-var-undocumented"


def found(rule: str, files: dict[str, str]) -> list[tuple[str, int]]:
    """Where the rule reports something in these files, however sure it is."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return [(finding.path, finding.line) for finding in report.findings if finding.rule == rule]


CODE, SETTINGS = "shop/code.py", "shop/settings.py"

REPORTED = [
    (ADDRESS, CODE, "import requests\nrequests.get('http://stock:8080/items', timeout=1)\n", 2),
    (ADDRESS, CODE, "import pymongo\nc = pymongo.MongoClient('10.2.0.4', 27017)\n", 2),
    (ADDRESS, CODE, "import boto3\ns = boto3.client('s3', endpoint_url='http://minio:9000')\n", 2),
    (ADDRESS, CODE, "from celery import Celery\napp = Celery('shop', broker='amqp://broker.internal')\n", 2),
    (ADDRESS, CODE, "import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 80))\n", 3),
    (ADDRESS, SETTINGS, "SEARCH_URL = 'http://search.internal:9200'\n", 1),
    (MODE, CODE, "from fastapi import FastAPI\napp = FastAPI(debug=True)\n", 2),
    (MODE, CODE, "from flask import Flask\napp = Flask('shop')\napp.config['DEBUG'] = True\n", 3),
    (MODE, SETTINGS, "TESTING: bool = False\nDEBUG = True\n", 2),
    (SECRET, CODE, "import os\nPASSWORD = os.getenv('SMTP_PASSWORD', default='hunter-22')\n", 2),
    (SECRET, CODE, "from environs import Env\nenv = Env()\nTOKEN = env.str('API_TOKEN', 'abc-42')\n", 3),
    (
        SECRET,
        CODE,
        (
            "from pydantic import Field, SecretStr\nfrom pydantic_settings import BaseSettings\n"
            "class S(BaseSettings):\n"
            "    jwt_secret: SecretStr = SecretStr('abc-42')\n"
        ),
        4,
    ),
    (
        SECRET,
        CODE,
        (
            "from pydantic import Field\nfrom pydantic_settings import BaseSettings\nclass S(BaseSettings):\n"
            "    key: str = Field('abc-42', alias='SIGNING_KEY')\n"
        ),
        4,
    ),
    (READ, CODE, "from os import environ as e\ndef f():\n    return e['SHOP_HOST']\n", 3),
    (FLAG, CODE, "import os\nx = 1 if os.getenv('USE_CACHE') else 2\n", 2),
    (FLAG, CODE, "import os\ndef f(y):\n    while os.environ['ENABLE_SYNC'] and y:\n        y.step()\n", 3),
    (FLAG, CODE, "import os\nif not os.environ.get('SKIP_MIGRATIONS'):\n    print('x')\n", 2),
]

QUIET = [
    (ADDRESS, CODE, "import requests\ndef f(host):\n    return requests.get(f'http://{host}/items', timeout=1)\n"),
    (ADDRESS, CODE, "import requests\nrequests.get('http://192.0.2.7/', timeout=1)\n"),
    (ADDRESS, CODE, "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 1900))\n"),
    (
        ADDRESS,
        SETTINGS,
        "WEB_SERVER = 'Python'\nSTATIC_URL = '/static/'\nCELERY_BROKER_URL = 'redis://localhost:6379/0'\n",
    ),
    (ADDRESS, SETTINGS, "import os\nCELERY_BROKER_URL = os.environ.get('BROKER', 'redis://broker.internal/0')\n"),
    (MODE, CODE, "import uvicorn, os\nuvicorn.run('shop:app', reload=os.environ.get('RELOAD') == '1')\n"),
    (MODE, "shop/testutils/settings.py", "DEBUG = True\n"),
    (MODE, CODE, "DEBUG = True\n"),
    (
        SECRET,
        CODE,
        "import os\nname = os.getenv('PASSWORD_FIELD', 'password')\nlimit = os.getenv('MAX_TOKENS', '100')\n",
    ),
    (SECRET, CODE, "from decouple import config\nKEY = config('SECRET_KEY')\n"),
    (READ, SETTINGS, "import os\nHOST = os.environ.get('SHOP_HOST', 'a')\n"),
    (
        READ,
        CODE,
        (
            "import os\nos.environ['SHOP_HOST'] = 'a'\n"
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        ),
    ),
    (READ, "scripts/load.py", "import os\nHOST = os.environ['SHOP_HOST']\n"),
    (FLAG, CODE, "import os\nif os.environ.get('SHOP_CERT_FILE'):\n    print('x')\n"),
    (FLAG, CODE, "import os\nTRIES = int(os.environ.get('SHOP_TRIES', 3)) + 1\n"),
    (FLAG, CODE, "import os\nNAME = os.environ.get('SHOP_NAME', 'a') + '-b'\n"),
]


@pytest.mark.parametrize(("rule", "path", "source", "line"), REPORTED)
def test_unsafe_configuration_is_reported_at_its_line(rule: str, path: str, source: str, line: int) -> None:
    assert found(rule, {path: source}) == [(path, line)]


@pytest.mark.parametrize(("rule", "path", "source"), QUIET)
def test_sound_configuration_is_not_reported(rule: str, path: str, source: str) -> None:
    assert found(rule, {path: source}) == []


def test_the_address_of_a_vendor_and_of_this_machine_is_only_mentioned() -> None:
    source = (
        "import requests\nrequests.get('https://api.stripe.com/v1', timeout=1)\n"
        "requests.get('http://localhost:80/', timeout=1)\n"
    )
    findings = [each for each in scan_files({CODE: source.encode()}).findings if each.rule == ADDRESS]
    assert [(each.severity, each.confidence) for each in findings] == [(Severity.LOW, Confidence.LOW)] * 2


def test_a_debug_run_that_the_image_starts_counts_in_full() -> None:
    app = "from flask import Flask\napp = Flask('a')\nif __name__ == '__main__':\n    app.run(debug=True)\n"
    image = 'FROM python:3.12\nCMD ["python", "shop/app.py"]\n'
    (alone,) = [each for each in scan_files({"shop/app.py": app.encode()}).findings if each.rule == MODE]
    shipped = scan_files({"shop/app.py": app.encode(), "Dockerfile": image.encode()}).findings
    assert [alone.severity] == [Severity.LOW]
    assert [each.severity for each in shipped if each.rule == MODE] == [Severity.HIGH]


def test_a_development_stage_and_its_compose_file_ship_nothing() -> None:
    files = {
        "Dockerfile": "FROM python:3.12 AS base\nCMD gunicorn shop\nFROM base AS dev\nCMD flask run --reload\n",
        "docker-compose.yml": "services:\n  web:\n    command: python manage.py runserver\n",
    }
    assert found(MODE, files) == []


def test_a_secret_never_stands_in_the_snippet_of_its_finding() -> None:
    source = "import os\nPASSWORD = os.getenv('DB_PASSWORD', 'hunter-2222')\n"
    (finding,) = [each for each in scan_files({CODE: source.encode()}).findings if each.rule == SECRET]
    assert "hunter-2222" not in str(finding.snippet)


def test_a_variable_is_reported_once_and_those_of_tests_not_at_all() -> None:
    files = {
        CODE: "import os\nA = os.environ['SHOP_A']\nB = os.environ['SHOP_A']\n",
        "tests/conftest.py": "import os\nC = os.environ['SHOP_TEST_DB']\n",
    }
    assert found(UNDOCUMENTED, files) == [(CODE, 2)]


def test_a_prefix_of_a_settings_class_is_part_of_the_name() -> None:
    settings = (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\nclass S(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='SHOP_')\n    currency: str = 'EUR'\n"
    )
    assert found(UNDOCUMENTED, {CODE: settings, ".env.example": "CURRENCY=EUR\n"}) == [(".env.example", 1), (CODE, 4)]
    assert found(UNDOCUMENTED, {CODE: settings, ".env.example": "SHOP_CURRENCY=EUR\n"}) == []


def test_a_prefix_that_is_a_constant_of_the_file_stands_before_the_names_of_settings():
    settings = (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\nPREFIX = 'PAY_'\n\n\n"
        "class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix=PREFIX)\n    api_url: str\n"
    )
    files = {"pay/env.py": settings.encode(), "README.md": b"`PAY_API_URL` is where payments go.\n"}
    report = scan_files(files)
    assert [found.message for found in report.findings if found.rule == "env-var-undocumented"] == []


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        (READ, {CODE: "import os\nHOST = os.environ.get('SHOP_HOST')\n"}),
        (
            READ,
            {CODE: "import os\ndef f(parser):\n    parser.add_argument('--host', default=os.getenv('SHOP_HOST'))\n"},
        ),
        (
            UNDOCUMENTED,
            {
                SETTINGS: "import os\nHOST = os.environ['SHOP_HOST']\n",
                "README.md": "# Shop\n\nSee the [documentation](https://docs.shop.example/).\n",
            },
        ),
        (UNDOCUMENTED, {SETTINGS: "import os\nHOST = os.environ['SHOP_HOST']\n", "PKG-INFO": "Name: shop\n"}),
    ],
)
def test_what_may_be_said_elsewhere_or_checked_at_the_start_is_only_suspected(rule, files):
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [finding.confidence for finding in report.findings if finding.rule == rule] == [Confidence.LOW]


@pytest.mark.parametrize("path", ["gunicorn.conf.py", "deploy/gunicorn_conf.py", "shop/db_migrations/env.py"])
def test_the_configuration_of_a_server_or_of_migrations_is_a_settings_module(path):
    assert found(READ, {path: "import os\ndef f():\n    return os.environ['SHOP_HOST']\n"}) == []
