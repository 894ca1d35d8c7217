"""Time budgets are read from commands and settings, and only where they end a request."""

import pytest

from scanners.semantics.timeouts.budgets import in_text


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('CMD ["gunicorn", "--timeout", "45", "app:app"]', [("server", 45)]),
        ("    command: gunicorn -t 20 app:app", [("server", 20)]),
        ("web: gunicorn app:app", [("server", 30)]),
        ("web: gunicorn --config gunicorn.conf.py app:app", []),
        ("web: gunicorn --timeout ${TIMEOUT} app:app", []),
        ("web: gunicorn -k gevent --timeout 45 app:app", []),
        ("web: gunicorn -k gevent --timeout 0 app:app", [("server", 0)]),
        ("worker: celery -A shop worker --time-limit=300 --soft-time-limit 240", [("hard", 300), ("soft", 240)]),
        ("    proxy_read_timeout 2m;", [("proxy", 120)]),
        ('    nginx.ingress.kubernetes.io/proxy-read-timeout: "75"', [("proxy", 75)]),
        ("harakiri = 20", [("server", 20)]),
        ("# gunicorn --timeout 45 app:app", []),
        ("pip install gunicorn==27.0", []),
    ],
)
def test_a_limit_is_read_from_a_line(line: str, found: list[tuple[str, float]]) -> None:
    assert [(budget.kind, budget.seconds) for budget in in_text([line])] == found
