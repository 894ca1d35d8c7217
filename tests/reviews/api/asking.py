"""A program that talks to the API: every answer that it gets is held against the schema that the API publishes."""

from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from reviews import tokens
from reviews.models import ApiToken, Team, User

BOTH = ("read", "scan")


class Program:
    """Asks with a token; None asks without one."""

    def __init__(self, secret: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        self.schema = self.client.get("/api/v1/openapi.json").json()

    def get(self, path: str, **query: Any) -> Any:
        return self._fitting("get", path, self.client.get(f"/api/v1{path}", query, headers=self.headers))

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        sent = {"content_type": "application/json", **({"data": body} if body is not None else {}), **more}
        return self._fitting("post", path, self.client.post(f"/api/v1{path}", headers=self.headers, **sent))

    def _fitting(self, method: str, path: str, response: Any) -> Any:
        answers = self.schema["paths"][self._template(path)][method]["responses"]
        said = answers[str(response.status_code)]["content"]["application/json"]["schema"]
        Draft202012Validator(said | {"components": self.schema["components"]}).validate(response.json())
        assert response.headers["Content-Type"].startswith("application/json")
        assert response.headers["Cache-Control"] == "no-store"
        assert not response.cookies
        return response

    def _template(self, path: str) -> str:
        parts = [part if part.isalpha() else "{number}" for part in path.split("/")[1:]]
        if parts[-2:-1] == ["facts"]:
            parts[-1] = "{table}"
        if parts[:1] == ["rules"]:
            parts[1] = "{rule}"
        return "/".join(["/api/v1", *parts])


def made(team: Team, by: User, *scopes: str, **changes: Any) -> str:
    """The secret of a new token, with every scope unless said."""
    token, secret = tokens.make(team, "pipeline", scopes or BOTH, 90, by=by)
    ApiToken.objects.filter(pk=token.pk).update(**changes)
    return secret


def refusal(response: Any) -> tuple[int, str]:
    """Status and code of an answer that is a problem with its three texts."""
    problem = response.json()
    assert set(problem) == {"code", "message", "next"}
    assert all(problem.values())
    return response.status_code, problem["code"]
