import re
from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.tests.replaced import Replaced
from scanners.tree import Fact, Tree, TreeContext

_KINDS: Final = {
    "HTTP": ("requests", "httpx", "aiohttp", "urllib3", "urllib"),
    "Redis": ("redis",),
    "the database": ("psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "pymongo"),
    "AWS": ("boto3", "botocore"),
    "mail": ("smtplib", "imaplib"),
    "Elasticsearch": ("elasticsearch",),
}
_REAL: Final = {
    "HTTP": r"httpserver|localserver|http$|wsgiref|vcr|recording|responses|respx|requests_mock|httpx|aioresponses|wiremock|mockserver|pact"
    r"|betamax|requests|urllib|httpretty|pook|fixture",
    "Redis": r"redis|birdisle|testcontainers|docker|fixture",
    "the database": r"postgres|mysql|mariadb|mongo|testcontainers|docker|fixture|testing|psycopg",
    "AWS": r"moto|boto|localstack|testcontainers|minio",
    "mail": r"aiosmtpd|mailhog|smtplib|mailpit|smtp|fixture",
    "Elasticsearch": r"elastic|opensearch|testcontainers|docker",
}
_SUITE: Final = regex(
    r"(^|/)(features|e2e|integration|contract|functional|acceptance)[^/]*/[^/]+$|test[^/]*(integration|e2e|contract)"
)


class BoundaryOnlyMocked(Rule):
    """
    A mock answers what its author believed the peer would answer; only the real one, or a server that speaks its
    protocol, shows that the call works.

    Looks at each sort of boundary that the code crosses (HTTP, Redis, a database, AWS, mail, Elasticsearch) and that
    tests patch, by its own name, as a client that a module made, or with the function around it: something must also run it for real: a fake server, a recorded wire, a container, a service of the
    pipeline, or a suite of contract, integration or end-to-end tests. Where no test makes the boundary fail, that is a
    minor finding. A boundary that no test touches is unresolved; where other tests drive the application by URL and patch
    nothing, they may reach it, and it is only suspected.
    """

    id = "boundary-only-mocked"
    area = "tests"
    item = "X3"
    title = "Boundary that tests only ever mock"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Run one test a boundary against a local server or container (pytest-httpserver, testcontainers, moto), and one where it fails."
    bad = (
        Example(
            "HTTP that is always patched",
            {
                "shop/rates.py": "import requests\n\n\ndef rates():\n    return requests.get('https://rates.example', timeout=3).json()\n",
                "tests/test_rates.py": "from unittest.mock import patch\n\nfrom shop.rates import rates\n\n\n"
                "@patch('shop.rates.requests.get')\ndef test_rates(get):\n    get.return_value.json.return_value = {}\n    assert rates() == {}\n",
            },
            at=[("shop/rates.py", 5)],
        ),
        Example(
            "a fake server that never fails",
            {
                "shop/rates.py": "import requests\n\n\ndef rates():\n    return requests.get('https://rates.example', timeout=3).json()\n",
                "tests/test_rates.py": "from shop.rates import rates\nimport responses\n\n\n"
                "@responses.activate\ndef test_rates():\n    responses.get('https://rates.example', json={})\n    assert rates() == {}\n",
            },
            at=[("shop/rates.py", 5)],
        ),
    )
    good = (
        Example(
            "a fake server that fails too",
            {
                "shop/rates.py": "import requests\n\n\ndef rates():\n    return requests.get('https://rates.example', timeout=3).json()\n",
                "tests/test_rates.py": "import pytest\nimport responses\n\nfrom shop.rates import rates\n\n\n"
                "@responses.activate\ndef test_rates():\n    responses.get('https://rates.example', json={})\n    assert rates() == {}\n\n\n"
                "@responses.activate\ndef test_down():\n    responses.get('https://rates.example', status=503)\n"
                "    with pytest.raises(ValueError, match='x'):\n        rates()\n",
            },
        ),
        Example(
            "a boundary that no test touches",
            {
                "shop/rates.py": "import requests\n\n\ndef rates():\n    return requests.get('https://rates.example', timeout=3).json()\n",
                "tests/test_tax.py": "from shop.tax import tax\n\n\ndef test_tax():\n    assert tax(1) == 2\n",
            },
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        first: dict[str, Fact] = {}
        for fact in tree.facts("outward"):
            for kind, libraries in _KINDS.items():
                if fact["library"] in libraries:
                    first.setdefault(kind, fact)
        if not first:
            ctx.not_applicable("The code crosses no boundary that is known here.")
            return
        replaced = Replaced(tree)
        for kind, fact in first.items():
            self._judge(kind, fact, replaced.of(set(_KINDS[kind])), tree, ctx)

    def _judge(self, kind: str, fact: Fact, patched: list[Fact], tree: Tree, ctx: TreeContext) -> None:
        real = [found for found in tree.facts("test-real", tests=True) if re.search(_REAL[kind], found["name"])]
        suite = any(path_class.kind == "python" and _SUITE.search(path) for path, path_class in tree.files.items())
        if not tree.facts("test-file", tests=True) or (not patched and not real):
            ctx.unresolved(fact.path, fact.line, "No test is seen to touch this boundary.")
        elif not real and not suite:
            count = "1 patch" if len(patched) == 1 else f"{len(patched)} patches"
            message = f"Tests replace {kind} by mocks only ({count}): no test shows that the real call works."
            by_hand = {patch.path for patch in tree.facts("patch", tests=True)}
            driven = any(found.path not in by_hand for found in tree.facts("test-urls", tests=True))
            ctx.report(
                fact.path,
                fact.line,
                message,
                anchor=f"mocked {kind}",
                confidence=Confidence.LOW if driven else None,
            )
        elif not tree.facts("test-failure", tests=True):
            message = f"No test makes {kind} fail, so what the code does then is not known."
            ctx.report(fact.path, fact.line, message, anchor=f"no failure {kind}", severity=Severity.LOW)
        else:
            ctx.site(fact.path, fact.line)
