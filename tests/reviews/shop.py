"""A little shop as repositories are: an API, tasks, stores, migrations, an image, a manifest, documents and tests."""

from textwrap import dedent

_FILES = {
    "pyproject.toml": """
        [project]
        name = "shop"
        version = "1"
        requires-python = ">=3.12"
        dependencies = ["fastapi", "requests>=2", "redis", "celery"]
        """,
    "uv.lock": """
        version = 1
        requires-python = ">=3.12"

        [[package]]
        name = "requests"
        version = "2.32.0"
        source = { registry = "https://pypi.org/simple" }
        """,
    "shop/__init__.py": "",
    "shop/bank.py": """
        import requests
        from tenacity import retry, stop_after_attempt, wait_random_exponential


        @retry(stop=stop_after_attempt(3), wait=wait_random_exponential())
        def rate(currency):
            return requests.get(f"https://rates.example.com/{currency}", timeout=5).json()


        def charge(order):
            return requests.post("https://bank.example.com/charges", json=order, timeout=10).json()
        """,
    "shop/seen.py": """
        import redis

        client = redis.Redis.from_url("redis://cache:6379/0")


        def seen(key):
            return client.get(key)
        """,
    "shop/api.py": """
        from fastapi import APIRouter, Depends, FastAPI

        from shop.users import current_user

        router = APIRouter(prefix="/orders")


        @router.get("/{number}")
        def order(number: int, user=Depends(current_user)) -> dict:
            return {"number": number}


        @router.delete("/{number}")
        def drop(number: int) -> None:
            return None


        app = FastAPI()
        app.include_router(router, prefix="/api")
        """,
    "shop/users.py": """
        def current_user(token: str) -> str:
            return token
        """,
    "shop/tasks.py": """
        from celery import Celery

        app = Celery("shop", broker="amqp://mq")


        @app.task(acks_late=True, time_limit=60)
        def bill(order):
            return order
        """,
    "shop/models.py": """
        from django.db import models


        class Buyer(models.Model):
            email = models.EmailField()
        """,
    "shop/settings.py": """
        import os

        SECRET = os.environ["SHOP_SECRET_KEY"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}
        """,
    "shop/work.py": """
        import queue
        from functools import lru_cache
        from pathlib import Path

        WAITING = queue.Queue()


        @lru_cache(maxsize=None)
        def tax(country):
            return Path("taxes").read_text()


        def note(text):
            Path("notes").write_text(text)
        """,
    "shop/migrations/0002_note.py": """
        from django.db import migrations


        class Migration(migrations.Migration):
            dependencies = [("shop", "0001_initial")]
            operations = [
                migrations.RemoveField("order", "note"),
                migrations.RunPython(lambda apps, editor: None),
                migrations.AddIndex("order", index=None),
            ]
        """,
    "Dockerfile": """
        FROM python:3.12-slim
        USER shop
        CMD ["uvicorn", "shop.api:app"]
        """,
    "compose.yaml": """
        services:
          web:
            build: .
            deploy:
              replicas: 2
          db:
            image: postgres:16.4
        """,
    "k8s/canary.yaml": "kind: Rollout\n",
    ".env.example": "SHOP_SECRET_KEY=\n",
    ".github/CODEOWNERS": "* @payments\n",
    ".github/workflows/ci.yml": """
        on: push
        jobs:
          test:
            steps:
              - uses: actions/checkout@main
              - run: pytest
        """,
    "README.md": "# Shop\n\n[Board](https://grafana.example.org/d/shop)\n",
    "docs/architecture.md": "# Architecture of the shop\n\nLast reviewed: 2026-01-07\n",
    "docs/runbook.md": "# When it is down\n\nLast reviewed: 2026-03-02\n",
    "load_tests/peak.py": "import locust\n",
    "tests/test_bank.py": """
        from unittest.mock import patch

        import pytest
        import requests

        from shop.bank import charge, rate


        @patch("shop.bank.requests.get", side_effect=requests.Timeout)
        def test_down(get):
            with pytest.raises(requests.Timeout):
                rate("eur")


        @patch("shop.bank.requests.post")
        def test_charge(post):
            charge({})
            post.assert_called_once()
        """,
}
SHOP = {path: dedent(text).lstrip("\n") for path, text in _FILES.items()}
