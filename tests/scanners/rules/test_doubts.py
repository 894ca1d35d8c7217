"""Shapes that most readers would let pass: what is only suspected of them, and what is not said at all."""

import pytest

from scanners.finding import Confidence
from scanners.scan import scan_files

DJANGO = "from django.http import JsonResponse\nfrom shop.models import Order\n\n\n"
FLASK = "from flask import Flask, request\nimport functools\n\napp = Flask(__name__)\n\n\n"
MODEL = "from django.db import models\n\n\nclass Order(models.Model):\n"
TASK = "def settle(order):\n    try:\n        {body}\n    except Exception:\n        {handler}\n"


def sureness(rule: str, files: dict[str, str]) -> list[str]:
    """How sure the rule is of what it reports in these files."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return [finding.confidence for finding in report.findings if finding.rule == rule]


SUSPECTED = [
    (
        "query-in-loop",
        "shop/management/commands/load.py",
        "from shop.models import Order\n\n\ndef load(ids):\n    for i in ids:\n        Order.objects.get(pk=i)\n",
    ),
    (
        "query-in-loop",
        "shop/load.py",
        (
            "import click\n\nfrom shop.models import Order\n\n\ndef load(ids):\n    for i in ids:\n"
            "        Order.objects.get(pk=i).show()\n"
        ),
    ),
    (
        "swallowed-exception",
        "shop/a.py",
        TASK.format(body="order.ship()", handler="# The carrier tells us again tomorrow.\n        return None"),
    ),
    (
        "subprocess-without-timeout",
        "shop/a.py",
        "import subprocess\n\n\ndef commit():\n    return subprocess.run(['git', '-C', '.', 'rev-parse', 'HEAD'])\n",
    ),
    (
        "broad-except",
        "shop/a.py",
        (
            "import argparse\n\n\ndef show(api):\n    try:\n        api.load()\n"
            "    except Exception as error:\n        print(error)\n"
        ),
    ),
    (
        "list-without-pagination",
        "shop/views.py",
        DJANGO + "def orders(request):\n    rows = Order.objects.values('day').annotate(n=1).order_by('day')\n"
        "    return JsonResponse({'days': list(rows.values_list('day', flat=True))})\n",
    ),
    (
        "print-in-service",
        "shop/a.py",
        "import logging\n\n\nclass Sent(logging.Handler):\n    def emit(self, record):\n        print('cannot log')\n",
    ),
    (
        "migration-irreversible",
        "alembic/versions/b2.py",
        (
            "from alembic import op\n\nrevision = 'b2'\ndown_revision = 'a1'\n\n\ndef upgrade():\n    op.f()\n"
            "\n\ndef downgrade():\n    # What was wrong before is not brought back.\n    pass\n"
        ),
    ),
    (
        "migration-unsafe-while-running",
        "alembic/versions/b2.py",
        (
            "from alembic import op\n\nrevision = 'b2'\ndown_revision = 'a1'\n\n\ndef upgrade():\n"
            "    op.create_index('ix', 'orders', ['paid'])\n"
        ),
    ),
    (
        "env-read-unvalidated",
        "shop/a.py",
        "import os\n\n\ndef traced():\n    return os.environ.get('SHOP_TRACE', '').lower() == 'yes'\n",
    ),
    (
        "env-read-unvalidated",
        "shop/a.py",
        "import os\n\n\ndef create_shop_app():\n    return make(os.environ['SHOP_HOST'], os.getenv('SHOP_PORT'))\n",
    ),
    (
        "env-read-unvalidated",
        "shop/a.py",
        (
            "import os\n\n\ndef _env_int(name, default):\n    return int(os.getenv(name) or default)\n\n\n"
            "def limit():\n    return _env_int('SHOP_LIMIT', 30)\n"
        ),
    ),
    (
        "dynamic-code-execution",
        "shop/a.py",
        "def version(path):\n    with open(path) as file:\n        exec(compile(file.read(), path, 'exec'), {})\n",
    ),
    ("weak-hash", "shop/a.py", "import hashlib\n\n\ndef hue(tag):\n    return hashlib.md5(tag).hexdigest()[:4]\n"),
    (
        "cancellation-broken",
        "shop/a.py",
        (
            "import asyncio\nimport contextlib\n\n\nclass Bot:\n    async def pump(self):\n"
            "        with contextlib.suppress(asyncio.CancelledError):\n            await asyncio.gather(*self.tasks)\n"
            "        self.running = False\n"
        ),
    ),
    (
        "retry-without-backoff",
        "shop/a.py",
        (
            "import socket\nimport time\n\n\ndef wait(port, deadline):\n    while time.monotonic() < deadline:\n"
            "        try:\n            return socket.create_connection(('localhost', port), timeout=1)\n"
            "        except OSError:\n            time.sleep(0.1)\n"
        ),
    ),
    (
        "cross-site-open",
        "shop/a.py",
        "from flask import Flask\nfrom flask_cors import CORS\n\napp = Flask(__name__)\nCORS(app)\n",
    ),
    (
        "unsafe-deserialization",
        "shop/a.py",
        "import pickle\n\n\ndef a(f, x):\n    pickle.dump(x, f)\n\n\ndef b(f):\n    return pickle.load(f)\n",
    ),
    (
        "committed-secret-file",
        "docker-compose.yml",
        "services:\n  web:\n    volumes:\n      - .:/app\n  db:\n    environment:\n      DB_PASSWORD: q8Zr2LmV0x\n",
    ),
    (
        "peer-not-verified",
        "shop/a.py",
        (
            "import requests\n\n\ndef probe(url):\n    # Sites with broken certificates are what we look for.\n"
            "    return requests.get(url, verify=False, timeout=3)\n"
        ),
    ),
    (
        "cache-unbounded",
        "shop/a.py",
        "import functools\n\n\n@functools.cache\ndef _client_pool(url, master):\n    return Pool(url, master)\n",
    ),
    (
        "wait-without-timeout",
        "shop/a.py",
        (
            "import threading\n\nlock = threading.Lock()\n\n\ndef has(rows, key):\n    lock.acquire()\n"
            "    found = key in rows\n    lock.release()\n    return found\n"
        ),
    ),
    (
        "broad-except",
        "shop/a.py",
        TASK.format(body="order.ship()", handler="# The carrier tells us again tomorrow.\n        log.warning('no')"),
    ),
    (
        "collection-changed-while-iterated",
        "shop/a.py",
        "def bare(msg):\n    for header in msg.keys():\n        del msg[header]\n    return msg\n",
    ),
    (
        "secret-logged",
        "shop/a.py",
        (
            "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef share(path_or_token):\n"
            "    logger.warning('%s is gone', path_or_token)\n"
        ),
    ),
    (
        "public-code-undocumented",
        "shop/a.py",
        "__all__ = ['split']\n\n\ndef split(address):\n    return host(address), port(address)\n",
    ),
    (
        "mock-without-spec",
        "tests/test_a.py",
        (
            "from unittest.mock import Mock\n\n\ndef test_sorts():\n    row = Mock()\n    row.code = 'fr'\n"
            "    assert sort([row]) == [row]\n"
        ),
    ),
    ("lossy-value-type", "shop/models.py", MODEL + "    sha1 = models.CharField(max_length=40, null=True)\n"),
    ("output-unescaped", "shop/templates/m.html", "{% block plain %}{{ order.title|safe }}</p>{% endblock %}\n"),
]

SPARED = [
    ("text-file-without-encoding", "shop/a.py", "with open(f'/proc/{PID}/maps') as maps:\n    print(maps.read())\n"),
    (
        "test-without-assertion",
        "tests/test_types.py",
        "from shop.models import Order\n\n\ndef test_first() -> Order:\n    return Order.objects.first()\n",
    ),
    (
        "cross-site-open",
        "shop/views.py",
        (
            "from django.views.decorators.csrf import csrf_exempt\n\n\n"
            "@csrf_exempt  # the bookmarklet posts from whatever page\ndef keep(request):\n    return None\n"
        ),
    ),
    (
        "retry-without-backoff",
        "shop/a.py",
        (
            "from shop.again import Retry\n\n\nclass Db:\n    def __init__(self):\n        self.retry = Retry(3)\n\n"
            "    def ask(self, sql):\n        return self.retry(self.send, sql)\n"
        ),
    ),
    (
        "unbounded-fan-out",
        "shop/a.py",
        (
            "import asyncio\n\n\nasync def each(names):\n    for name in names:\n"
            "        task = asyncio.ensure_future(search(name))\n        show(await task)\n"
        ),
    ),
    (
        "cross-site-open",
        "shop/views.py",
        "from django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\n@require_GET\ndef job(r):\n    pass\n",
    ),
    ("hardcoded-secret", "shop/a.py", "RULES = {'sms_application_secret': 'sms_provider=ovh'}\n"),
    (
        "cross-site-open",
        "shop/views.py",
        (
            "from django.utils.decorators import method_decorator\nfrom django.views import View\n"
            "from django.views.decorators.csrf import csrf_exempt\n\n\nclass Tokens(View):\n"
            "    @method_decorator(csrf_exempt)\n    def dispatch(self, r):\n        return super().dispatch(r)\n\n"
            "    def post(self, request):\n        return known(request.headers['Authorization'])\n"
        ),
    ),
    ("cross-site-open", "shop/testlib.py", "class TestConfig:\n    TESTING = True\n    WTF_CSRF_ENABLED = False\n"),
    ("hardcoded-secret", "shop/testlib.py", "class TestConfig:\n    SECRET_KEY = 'testing'\n"),
    (
        "swallowed-exception",
        "shop/a.py",
        TASK.format(body="path = str(BASE.relative_to(HOME))", handler="return None"),
    ),
    (
        "output-unescaped",
        "shop/templates/a.html",
        "{% autoescape off %}\n<script src=\"{% static 'a.js' %}\"></script>\n{% endautoescape %}\n{{ name }}\n",
    ),
    (
        "login-without-throttle",
        "shop/a.py",
        FLASK + "@app.post('/sso-login')\ndef sso_login():\n    return authenticate(request.form['code'])\n",
    ),
    (
        "login-without-throttle",
        "shop/a.py",
        FLASK + "@app.post('/token')\n@jwt_required()\ndef token():\n    return make(request.json['code'])\n",
    ),
    (
        "resource-not-closed",
        "shop/a.py",
        "from gzip import GzipFile\n\n\ndef text(body):\n    return GzipFile(fileobj=body).read()\n",
    ),
    (
        "docstring-out-of-step",
        "shop/a.py",
        (
            'def build(ctx, params):\n    """Build.\n\n    Args:\n        ctx (:obj:`click.Context`): Where.\n'
            '        params (dict): What.\n    """\n'
        ),
    ),
    (
        "docstring-out-of-step",
        "shop/a.py",
        (
            "class Node:\n    @Base.name.setter\n    def name(self, name):\n"
            '        """Name it.\n\n        :param name: how\n        """\n'
            "        if not name:\n            raise ValueError(name)\n        self._name = name\n"
        ),
    ),
    (
        "blocking-call-behind-async",
        "shop/a.py",
        (
            "import asyncio\nimport time\n\n\ndef parts():\n    time.sleep(1)\n    yield 1\n\n\nasync def send():\n"
            "    found = iter(parts())\n    return await asyncio.to_thread(next, found, None)\n"
        ),
    ),
]


@pytest.mark.parametrize(("rule", "path", "source"), SUSPECTED)
def test_it_is_only_suspected(rule, path, source):
    assert set(sureness(rule, {path: source})) == {Confidence.LOW}


@pytest.mark.parametrize(("rule", "path", "source"), SPARED)
def test_nothing_is_said_of_it(rule, path, source):
    assert sureness(rule, {path: source}) == []


@pytest.mark.parametrize("rule", ["slo-missing", "runbook-missing", "decisions-unrecorded"])
def test_pages_that_a_released_archive_lacks_are_only_suspected(rule):
    report = scan_files(
        {"PKG-INFO": b"Name: shop\n", "README.md": b"# Shop\n\nSells.\n", "shop/app.py": b"import os\n"}
    )
    assert {found.confidence for found in report.findings if found.rule == rule} == {Confidence.LOW}


def test_nobody_goes_back_over_many_revisions():
    revision = "from alembic import op\nrevision = 'r{0}'\ndown_revision = 'r{1}'\n\n\ndef upgrade():\n    op.f({0})\n"
    files = {f"alembic/versions/r{number:02}.py": revision.format(number, number - 1) for number in range(1, 13)}
    found = sureness("migration-irreversible", files)
    assert sorted(found) == [Confidence.HIGH] * 10 + [Confidence.LOW] * 2
