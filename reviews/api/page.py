"""The API for people: every operation of the schema on one page, with an example to try."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.api.door import api

Json = dict[str, Any]
_EXAMPLE = {"number": "42", "table": "boundaries", "rule": "request-without-timeout"}
_COMMIT = "7ac01d9f3b6e5a1c8d2e4f60718293a4b5c6d7e8"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it. `fields` are those of its answer, `statuses` what else it may answer."""

    name: str
    method: str
    path: str
    text: str
    scope: str
    parameters: tuple[Json, ...]
    body: tuple[Json, ...]
    fields: tuple[Json, ...]
    statuses: tuple[str, ...]
    example: tuple[tuple[int, str, bool], ...]


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every operation, what it takes and answers, and a command that tries it."""
    return render(request, "reviews/api.html", {"operations": tuple(operations()), "base": settings.BASE_URL})


def operations() -> Iterator[Operation]:
    """The operations of the schema."""
    schema = api.get_openapi_schema()
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            yield _operation(schema, path, method.upper(), said)


def _operation(schema: Json, path: str, method: str, said: Json) -> Operation:
    success = next(status for status in said["responses"] if status < 400)
    answer = said["responses"][success]["content"].get("application/json", {}).get("schema", {})
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        name=said["operationId"],
        method=method,
        path=path,
        text=said["description"],
        scope=_scheme(schema, said)["description"],
        parameters=tuple(said["parameters"]),
        body=tuple(_fields(schema, body)),
        fields=tuple(_fields(schema, answer)),
        statuses=tuple(str(status) for status in said["responses"] if status >= 400),
        example=_example(path, method, said),
    )


def _scheme(schema: Json, said: Json) -> Json:
    found: Json = schema["components"]["securitySchemes"][next(iter(said["security"][0]))]
    return found


def _fields(schema: Json, found: Json) -> Iterator[Json]:
    """The fields of an object, each with its name and what is said of it."""
    named = next((one["$ref"] for one in (found, *found.get("anyOf", ())) if "$ref" in one), None)
    model = schema["components"]["schemas"][named.rpartition("/")[2]] if named else {}
    for name, field in model.get("properties", {}).items():
        yield {"name": name, "description": field.get("description", "")}


def _example(path: str, method: str, said: Json) -> tuple[tuple[int, str, bool], ...]:
    """A command for a shell, as numbered lines. The token comes from the environment and stays out of the history."""
    for name, value in _EXAMPLE.items():
        path = path.replace(f"{{{name}}}", value)
    asked = f"?commit={_COMMIT}" if any(one["name"] == "commit" for one in said["parameters"]) else ""
    lines = ['curl --header "Authorization: Bearer $PLIMSOLL_TOKEN" \\']
    if method == "POST":
        lines += ["  --header 'Content-Type: application/json' \\"]
        body = {"rule": _EXAMPLE["rule"]} if path.endswith("/patches") else {"commit": _COMMIT}
        lines += [f"  --data {shlex.quote(json.dumps(body))} \\"]
    lines.append(f"  {shlex.quote(f'{settings.BASE_URL}{path}{asked}')}")
    return tuple((number, line, False) for number, line in enumerate(lines, start=1))
