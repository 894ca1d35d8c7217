"""Shapes of the area security that do not belong on the page of a rule: what is reported, how sure, and what is not."""

import pytest

from scanners.finding import Confidence, Report, Severity
from scanners.scan import scan_files

SECRET, FILE, SHELL, QUERY = "hardcoded-secret", "committed-secret-file", "shell-injection", "query-built-from-text"
CODE, LOADS, XML, ARCHIVE = (
    "dynamic-code-execution",
    "unsafe-deserialization",
    "unsafe-xml-parser",
    "archive-extracted-unchecked",
)
HASH, CIPHER, RANDOM, SIGNATURE = "weak-hash", "weak-cipher", "predictable-random", "signature-unchecked"
PEER, CLEAR, OPEN = "peer-not-verified", "cleartext-protocol", "file-open-to-others"
GITHUB = "gh" + "p_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4"
PEM = "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 3
LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH


def scan(files: dict[str, str]) -> Report:
    """A report on these files, all of which can be read."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return report


def found(rule: str, text: str, path: str = "shop/code.py") -> list[tuple[int, str]]:
    """Where the rule reports something in one file, and how sure."""
    return [(finding.line, finding.confidence) for finding in scan({path: text}).findings if finding.rule == rule]


REPORTED = [
    (SECRET, "class Client:\n    def __init__(self):\n        self.password = 'hunter22'\n", 3, MEDIUM),
    (SECRET, "import os\nos.environ['DB_PASSWORD'] = 'hunter22'\n", 2, MEDIUM),
    (SECRET, "API_KEY: str = 'q8Zr2LmV0xPd7TnBa1'\n", 1, MEDIUM),
    (SECRET, "token = b'q8Zr2LmV0xPd7TnBa1'\n", 1, MEDIUM),
    (SECRET, "def f(*, api_key='q8Zr2LmV0xPd7TnBa1'):\n    return api_key\n", 1, MEDIUM),
    (SECRET, "import psycopg2\nc = psycopg2.connect(user='shop', password='supersecure')\n", 2, MEDIUM),
    (SECRET, "import smtplib\ns = smtplib.SMTP('mx')\ns.login('shop', 'hunter22')\n", 3, MEDIUM),
    (SECRET, f"# used to be {GITHUB}\n", 1, MEDIUM),
    (SECRET, f'"""Sends {GITHUB} with each call."""\n', 1, LOW),
    (SHELL, "import os\ncommand = input()\nos.system(command)\n", 3, MEDIUM),
    (SHELL, "import subprocess\ndef f(a):\n    subprocess.Popen([f'ls {a}'], shell=True)\n", 3, HIGH),
    (SHELL, "import subprocess\ndef f(a):\n    c = 'ls '\n    c += a\n    subprocess.call(c, shell=True)\n", 5, HIGH),
    (
        SHELL,
        (
            "import asyncio\nasync def f(a):\n"
            "    await asyncio.create_subprocess_exec('sh', '-c', 'ls ' + a)\n"
        ),
        3, HIGH,
    ),
    (QUERY, "def f(self, name):\n    self.db.execute('SELECT 1 FROM t WHERE n = \"' + name + '\"')\n", 2, HIGH),
    (QUERY, "def f(cur, n):\n    sql = f'DELETE FROM t WHERE id = {n}'\n    cur.execute(sql)\n", 3, HIGH),
    (QUERY, "def f(cur, n):\n    cur.execute('SELECT * FROM t WHERE id = {n}'.format(n=n))\n", 2, HIGH),
    (QUERY, "def f(cur, n):\n    cur.execute('SELECT * FROM t WHERE id = %(n)s' % {'n': n})\n", 2, HIGH),
    (QUERY, "def f(cur, order):\n    cur.execute('SELECT * FROM t ORDER BY ' + order)\n", 2, MEDIUM),
    (QUERY, "def f(cur, table):\n    cur.execute(f'SELECT * FROM {table}')\n", 2, LOW),
    (QUERY, "def f(cur, where):\n    cur.execute(f'SELECT * FROM t WHERE {where}')\n", 2, LOW),
    (CODE, "def f(text):\n    code = compile(text, 'x', 'exec')\n    exec(code)\n", 2, HIGH),
    (CODE, "def f(name):\n    return __import__(name)\n", 2, LOW),
    (CODE, "from jinja2 import Environment\ndef f(text):\n    return Environment().from_string(text)\n", 3, LOW),
    (LOADS, "from pickle import Unpickler\ndef f(file):\n    return Unpickler(file).load()\n", 3, HIGH),
    (LOADS, "import yaml\ndef f(file):\n    return yaml.unsafe_load(file)\n", 3, HIGH),
    (XML, "from xml.dom.minidom import parse\ndef f(path):\n    return parse(path)\n", 3, MEDIUM),
    (ARCHIVE, "def f(tar):\n    tar.extractall('/srv')\n", 2, MEDIUM),
    (HASH, "import hashlib\ndef session_key(user):\n    return hashlib.sha1(user).hexdigest()\n", 3, MEDIUM),
    (CIPHER, "import ssl\nc = ssl.SSLContext(ssl.PROTOCOL_SSLv3)\n", 2, HIGH),
    (CIPHER, "from Crypto.Cipher import DES\ndef decrypt(k):\n    return DES.new(k, DES.MODE_CBC)\n", 3, LOW),
    (
        RANDOM,
        (
            "import random\ndef f():\n    otp = ''\n    for _ in range(6):\n"
            "        otp += str(random.randint(0, 9))\n"
        ),
        5, HIGH,
    ),
    (SECRET, f"DSN = 'https://{'ab12' * 8}:{'cd34ef09' * 4}@errors.shop.io/7'\n", 1, LOW),
    (SECRET, "import hmac\ndef f(b):\n    return hmac.new(b'protocol-4', b, 'sha256')\n", 3, LOW),
    (
        SIGNATURE,
        (
            "import jwt\ndef peek(t):\n    return jwt.decode(t, options={'verify_signature': False})\n"
            "def full(t, k):\n    return jwt.decode(t, k, algorithms=['RS256'])\n"
        ),
        3,
        LOW,
    ),
    (RANDOM, "import random\ndef f():\n    return {'api_key': '%x' % random.getrandbits(64)}\n", 3, HIGH),
    (
        SIGNATURE,
        (
            "import jwt\ndef f(t):\n    o = {'verify_signature': False}\n"
            "    return jwt.decode(t, options=o)\n"
        ),
        4, MEDIUM,
    ),
    (SIGNATURE, "import hmac\ndef f(k, b, s):\n    return s != hmac.new(k, b, 'sha256').hexdigest()\n", 3, MEDIUM),
    (
        PEER,
        (
            "import httpx\nasync def f():\n    async with httpx.AsyncClient(verify=False) as c:\n"
            "        pass\n"
        ),
        3, HIGH,
    ),
    (PEER, "import ssl\nssl._create_default_https_context = ssl._create_unverified_context\n", 2, HIGH),
    (CLEAR, "import httpx\nclient = httpx.get('http://api.rates.io/v1')\n", 2, MEDIUM),
    (CLEAR, "import requests\ndef f(p):\n    requests.post('http://pay.shop.io/' + p, timeout=3)\n", 3, MEDIUM),
    (OPEN, "import os\nfd = os.umask(0o077)\nos.umask(0)\n", 3, HIGH),
    (OPEN, "LOG = '/var/tmp/jobs.log'\nwith open(LOG, 'a') as f:\n    f.write('x')\n", 2, HIGH),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "line", "sure"), REPORTED)
def test_a_shape_is_reported_as_sure_as_it_is(rule: str, text: str, line: int, sure: Confidence) -> None:
    assert found(rule, text) == [(line, sure)]


LEFT_ALONE = [
    (SECRET, "PASSWORD_RESET_TIMEOUT = '3600'\nPASSWORD_HASHERS = ['x.y']\nTOKEN_TYPE = 'bearer7'\n"),
    (SECRET, "token = '('\nnext_token = 'abc123def456'\nmax_tokens = '4096'\n"),
    (SECRET, "ERRORS = {'password': 'The password is too short.', 'token': 'invalid'}\n"),
    (SECRET, "import settings\npassword = settings.PASSWORD\nlogin(password=password)\n"),
    (SECRET, "SECRET_KEY = ''\nAPI_KEY = None\nTOKEN = '{token}'\n"),
    (SHELL, "import subprocess\nsubprocess.run(['git', 'log', branch()])\n"),
    (SHELL, "import os\nfor name in ('a', 'b'):\n    os.system(f'touch {name}')\n"),
    (SHELL, "import os, sys\nos.system(f'{sys.executable} -V')\n"),
    (SHELL, "class Job:\n    def system(self, c):\n        pass\n\ndef f(job, c):\n    job.system(c)\n"),
    (
        QUERY,
        (
            "TABLE = 't'\ndef f(cur, ids):\n    q = ','.join('?' for _ in ids)\n"
            "    cur.execute(f'SELECT * FROM {TABLE} WHERE i IN ({q})', ids)\n"
        ),
    ),
    (QUERY, "def f(cur, desc):\n    cur.execute('SELECT * FROM t ORDER BY i ' + ('DESC' if desc else 'ASC'))\n"),
    (QUERY, "def f(cur, n):\n    cur.execute('SELECT * FROM t LIMIT %d' % n)\n"),
    (QUERY, "def f(cur, n):\n    cur.execute(f'SELECT * FROM t LIMIT {int(n)}')\n"),
    (QUERY, "def f(cur, model):\n    cur.execute(f'ANALYZE {model._meta.db_table}')\n"),
    (
        QUERY,
        (
            "def f(cur, n):\n    sql = 'SELECT 1 FROM t WHERE n = %s'\n    sql += ' LIMIT 1'\n"
            "    cur.execute(sql, (n,))\n"
        ),
    ),
    (CODE, "def f(frame, model):\n    model.eval()\n    return frame.query('a > 1')\n"),
    (CODE, "def f(text):\n    compile(text, 'x', 'exec')\n"),
    (LOADS, "import yaml\ndef f(file):\n    return yaml.load(file, yaml.SafeLoader), yaml.full_load(file)\n"),
    (LOADS, "import pickle\ndef f(x):\n    data = pickle.dumps(x)\n    return pickle.loads(data)\n"),
    (
        XML,
        (
            "from importlib.resources import files\nfrom xml.etree import ElementTree as E\n"
            "E.fromstring(files('x').joinpath('a').read_text())\n"
        ),
    ),
    (
        ARCHIVE,
        (
            "import tarfile\ndef f(p):\n    with tarfile.open(p) as t:\n"
            "        if hasattr(tarfile, 'data_filter'):\n            t.extractall(filter='data')\n"
            "        else:\n            t.extractall()\n"
        ),
    ),
    (ARCHIVE, "def f(frame):\n    return frame.extractall('x')\n"),
    (
        HASH,
        (
            "import hashlib\nfrom cryptography.hazmat.primitives.asymmetric import padding\n"
            "from cryptography.hazmat.primitives import hashes\n"
            "p = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)\n"
        ),
    ),
    (
        RANDOM,
        (
            "import random\ndef f(tokens):\n    token_count = random.randint(1, 9)\n"
            "    return random.choice(tokens)[token_count]\n"
        ),
    ),
    (SIGNATURE, "def f(a, b):\n    return a.digest == b.digest\n"),
    (SIGNATURE, "import jwt\ndef f(t, jwks):\n    return jwt.decode(t, jwks.get_signing_key_from_jwt(t))\n"),
    (HASH, "import hashlib\ndef sign(key, body):\n    return hashlib.sha256(key + body).hexdigest()\n"),
    (ARCHIVE, "import tarfile\ndef f(p):\n    tarfile.open(p).extract('meta.json', path='/srv')\n"),
    (
        SIGNATURE,
        (
            "import jwt\ndef f(t, k):\n    key = k[jwt.decode(t, options={'verify_signature': False})['iss']]\n"
            "    return jwt.decode(t, key, algorithms=['RS256'], options={'verify_aud': False})\n"
        ),
    ),
    (HASH, "import hashlib\nh = hashlib.md5(b'a', usedforsecurity=False)\n"),
    (
        PEER,
        (
            "import requests\ndef f(u, check):\n    requests.get(u, verify=check, timeout=1)\n"
            "    requests.get(u, verify='/etc/ca.pem', timeout=1)\n"
        ),
    ),
    (
        PEER,
        (
            "import ssl\ndef f(insecure):\n    c = ssl.create_default_context()\n    if insecure:\n"
            "        c.check_hostname = False\n    return c\n"
        ),
    ),
    (CLEAR, "import requests\nrequests.get('http://search.prod.svc.cluster.local/', timeout=1)\n"),
    (OPEN, "import os\numask = os.umask(0)\nos.umask(umask)\nos.chmod('x', 0o644)\n"),
    (OPEN, "import os\nwith open(f'/tmp/job-{os.getpid()}', 'w') as f:\n    f.write('x')\n"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), LEFT_ALONE)
def test_a_shape_that_is_sound_is_left_alone(rule: str, text: str) -> None:
    assert found(rule, text) == []


@pytest.mark.parametrize(("rule", "text"), [
    (SHELL, "import subprocess\ndef f(c, shell):\n    subprocess.run(c, shell=shell)\n"),
    (QUERY, "def f(cursor, query):\n    cursor.execute(query)\n"),
    (LOADS, "import yaml\ndef f(file, loader):\n    return yaml.load(file, Loader=loader)\n"),
    (XML, "from lxml import etree\ndef f(text):\n    return etree.fromstring(text)\n"),
    (HASH, "import hashlib\ndef f(kind):\n    return hashlib.new(kind)\n"),
    (CLEAR, "import requests\ndef f(url):\n    requests.get(url, timeout=1)\n"),
    (SIGNATURE, "import jwt\ndef f(t, **rest):\n    return jwt.decode(t, **rest)\n"),
])  # fmt: skip
def test_what_is_decided_elsewhere_is_unresolved(rule: str, text: str) -> None:
    count = scan({"shop/code.py": text}).counts[rule]
    assert (count.good, dict(count.bad), count.unresolved) == (0, {}, 1)


def test_a_secret_reaches_neither_message_nor_snippet_nor_hash() -> None:
    one, two = (scan({"a.py": f"x = 1\nPASSWORD = '{word}'\n"}).findings[0] for word in ("hunter-22", "hunter-33"))
    assert "hunter" not in one.message + str(one.snippet)
    assert (one.anchor, one.line_hash) == (two.anchor, two.line_hash)


def test_a_random_value_in_a_test_is_a_guess_and_a_plain_one_is_none() -> None:
    assert found(SECRET, "api_key = 'q8Zr2LmV0xPd7TnBa1'\n", "tests/test_a.py") == [(1, LOW)]
    assert found(SECRET, "password = 'hunter22'\n", "tests/test_a.py") == []


def test_a_constant_shell_command_and_a_harmless_hash_weigh_little() -> None:
    files = {"a.py": "import hashlib, subprocess\nsubprocess.run('ls', shell=True)\netag = hashlib.md5(b'x')\n"}
    weights = {finding.rule: finding.severity for finding in scan(files).findings}
    assert (weights[SHELL], weights[HASH]) == (Severity.LOW, Severity.LOW)


def test_the_sites_of_hashes_are_their_constructions() -> None:
    count = scan({"a.py": "import hashlib\nhashlib.sha256(b'a')\nhashlib.md5(b'b')\nhashlib.new(k)\n"}).counts[HASH]
    assert (count.good, sum(count.bad.values()), count.unresolved) == (1, 1, 1)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("deploy/.env.production", "API_TOKEN=q8Zr2LmV0xPd7TnBa1\n", [(1, MEDIUM)]),
        (".env.development", "API_TOKEN=q8Zr2LmV0xPd7TnBa1\n", [(1, LOW)]),
        ("Dockerfile", f"FROM x\nARG KEY={GITHUB}\n", [(2, HIGH)]),
        (".gitlab-ci.yml", "variables:\n  POSTGRES_PASSWORD: q8Zr2LmV0xPd\n", [(2, LOW)]),
        ("config/settings.yml", "db:\n  password: q8Zr2LmV0xPd7TnBa1\n  secret_name: x\n", [(2, MEDIUM)]),
        ("tests/certs/server.key", PEM, [(1, LOW)]),
        (".env", "DB_PASSWORD=\nTOKEN=changeme\nSECRET=$(pass show x)\nAPI_KEY=${API_KEY}\n", []),
        ("secrets/prod.sops.yaml", "password: ENC[AES256_GCM,data:x]\nsops: {}\n", []),
    ],
)  # fmt: skip
def test_secrets_in_other_files_are_told_from_references(path: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert found(FILE, text, path) == expected
