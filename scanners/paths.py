"""What a path says about a file: its kind, its path class, its role. A cached answer knows no more of its path."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scanners.regex import regex

_TEXT_KINDS: Final = (
    ("dockerfile", regex(r"(^|/)(Dockerfile|Containerfile)([._-][\w.-]+)?$|\.dockerfile$", re.IGNORECASE)),
    ("compose", regex(r"(^|/)(docker-)?compose[\w.-]*\.ya?ml$")),
    ("pyproject", regex(r"(^|/)pyproject\.toml$")),
    ("uv-lock", regex(r"(^|/)uv\.lock$")),
    ("poetry-lock", regex(r"(^|/)poetry\.lock$")),
    ("pdm-lock", regex(r"(^|/)pdm\.lock$")),
    ("pylock", regex(r"(^|/)pylock(\.[\w-]+)?\.toml$")),
    ("pipfile-lock", regex(r"(^|/)Pipfile\.lock$")),
    ("pipfile", regex(r"(^|/)Pipfile$")),
    ("conda-lock", regex(r"(^|/)conda-lock[\w.-]*\.ya?ml$")),
    ("constraints", regex(r"(^|/)constraints[\w.-]*\.txt$")),
    (
        "requirements",
        regex(
            r"(^|/)([\w.-]*requirements[\w.-]*\.(txt|in|pip)|(requirements|reqs?)/[\w./-]+\.(txt|in)|reqs?([._-][\w.-]*)?\.(txt|in))$"
        ),
    ),
    ("setup-cfg", regex(r"(^|/)setup\.cfg$")),
    (
        "env-example",
        regex(r"(^|/)(\.?env|[\w-]+\.env)[.-](example|sample|template|dist|defaults?)$|(^|/)example\.env$"),
    ),
    ("env", regex(r"(^|/)\.env(\.[\w-]+)?$|(^|/)[\w-]+\.env$")),
    ("python-version", regex(r"(^|/)(\.python-version|runtime\.txt)$")),
    (
        "workflow",
        regex(
            r"(^|/)\.github/workflows/[^/]+\.ya?ml$|(^|/)\.gitlab-ci\.ya?ml$|(^|/)\.gitlab(-ci)?/.*\.ya?ml$"
            r"|(^|/)azure-pipelines\.ya?ml$"
        ),
    ),
    (
        "ci",
        regex(
            r"(^|/)(Jenkinsfile|\.travis\.yml|bitbucket-pipelines\.yml|\.drone\.yml|\.cirrus\.yml|\.woodpecker\.ya?ml|cloudbuild\.ya?ml"
            r"|buildspec\.ya?ml|\.?appveyor\.yml|\.build\.yml)$|(^|/)\.(circleci|buildkite|woodpecker|builds|semaphore|teamcity)/"
            r"|(^|/)\.(gitea|forgejo)/workflows/[^/]+\.ya?ml$|^\.?ci/[^/.]+$"
        ),
    ),
    ("recipe", regex(r"(^|/)(tox\.ini|(GNU)?[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml)$")),
    ("manifest", regex(r"(^|/)(k8s|kubernetes|deploy|deployment|helm|charts|manifests)/.*\.ya?ml$")),
    ("archive", regex(r"^PKG-INFO$")),
    ("crontab", regex(r"(^|/)(\.?crontabs?|cron\.d/[\w-]+|crontabs/[\w-]+|crontab\.txt)$|\.(cron|crontab)$")),
    ("procfile", regex(r"(^|/)Procfile$")),
    ("dockerignore", regex(r"(^|/)([\w.-]+)?\.dockerignore$")),
    ("notebook", regex(r"\.ipynb$")),
    ("key-file", regex(r"\.(pem|key|ppk|jks|p12|pfx|keystore)$|(^|/)id_(rsa|dsa|ecdsa|ed25519)$")),
    ("shell", regex(r"\.(sh|bash)$")),
    (
        "config-file",
        regex(
            r"(^|/)(\.npmrc|\.pypirc|\.netrc|\.pgpass|\.git-credentials|credentials)$|\.(ini|cfg|conf|properties|tfvars|tf)$|"
            r"(^|/)[\w.-]*(config|settings|secret|credential|application|local|prod|staging|values|database|account)[\w.-]*"
            r"\.(ya?ml|json|toml)$"
        ),
    ),
    (
        "catalogue",
        regex(r"(^|/)(catalog-info|opslevel|service\.datadog|\.?cortex|compass|backstage)\.ya?ml$"),
    ),
    ("codeowners", regex(r"(^|/)(CODEOWNERS|OWNERS(\.ya?ml)?)$")),
    ("maintainers", regex(r"(^|/)MAINTAINERS(\.\w+)?$", re.IGNORECASE)),
    ("authors", regex(r"(^|/)AUTHORS(\.\w+)?$", re.IGNORECASE)),
    (
        "objectives",
        regex(r"(^|/)(slos?|openslo|sloth|service[_-]levels?)(/[\w./-]+|[._-][\w.-]*)?\.ya?ml$|[._-]slos?\.ya?ml$"),
    ),
    (
        "alert-rules",
        regex(r"(^|/)([\w.-]*alert[\w.-]*|[\w.-]*rules)\.ya?ml$|(^|/)(alerts?|alerting|prometheus|rules)/.*\.ya?ml$"),
    ),
    (
        "docs",
        regex(
            r"(^|/)[^/]+\.(md|rst|adoc|markdown)$|(^|/)docs/.*\.txt$"
            r"|(^|/)(README|CHANGES|CHANGELOG|HISTORY|NEWS|RELNOTES|RUNBOOK|ARCHITECTURE)(\.txt)?$",
            re.IGNORECASE,
        ),
    ),
    ("yaml", regex(r"\.ya?ml$")),
    ("template", regex(r"(^|/)(templates|jinja2?)/.*\.x?html?(\.(j2|jinja2?))?$")),
)
_DOCUMENTS: Final = (
    ("readme", regex(r"(^|/)README[^/]*$", re.IGNORECASE)),
    ("changelog", regex(r"(^|/)(change[_-]?log|changes|history|news|rel(ease)?[_-]?notes?)\b", re.IGNORECASE)),
    ("decision", regex(r"(^|[/_-])(adrs?|decisions?|rfcs?)([/._-]|$)", re.IGNORECASE)),
    (
        "architecture",
        regex(r"(architecture|(^|[/_-])(design|internals|how[_-]it[_-]works)([/._-]|$))", re.IGNORECASE),
    ),
    (
        "runbook",
        regex(
            r"(run[_-]?books?|play[_-]?books?|on[_-]?call|troubleshoot\w*|(^|[/_-])(operat(ions?|ing)|ops|incidents?)([/._-]|$))",
            re.IGNORECASE,
        ),
    ),
    ("objectives", regex(r"(^|[/_-])(slos?|slas?|service[_-]levels?|objectives)([/._-]|$)", re.IGNORECASE)),
)
_VENDORED: Final = regex(
    r"(^|/)(_?vendor|_?vendored|_?third[_-]?party|externals|extern|node_modules|site-packages|\.?venv)/"
)
_GENERATED: Final = regex(r"(_pb2|_pb2_grpc)\.pyi?$|(^|/)_?version(_info)?_generated\.py$")
_TEST: Final = regex(
    r"(^|/)(t|tests?|testing|test_[^/]*|[^/]*_tests?|e2e|specs?)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest|tests|testing|testlib|test_?utils?)\.py$"
)
_EXAMPLE: Final = regex(
    r"(^|/)(docs?|examples?|samples?|demos?|tutorials?|benchmarks?|examples?[_-][^/]*|[^/]*[_-]examples?)/"
)
_DEPLOYED: Final = ("dockerfile", "compose", "manifest")  # In the documentation they show it, or show how it is done.
_SCRIPT: Final = regex(
    r"(^|/)(scripts?|bin|cli|management/commands)/|(^|/)(manage|setup|noxfile|fabfile|__main__)\.py$"
)
_MIGRATION: Final = regex(r"(^|/)(migrations|alembic/versions|versions)/[^/]+\.py$")
_SETTINGS: Final = regex(
    r"(^|/)(settings|config|conf|configuration)(/[^/]+)*\.py$|(^|/)[^/]*(settings|config)"
    r"(_(dev|development|local|tests?|testing|ci|prod|production|staging))?\.py$"
    r"|(^|/)(gunicorn|hypercorn|uwsgi)[\w.-]*\.py$|(^|/)(alembic|\w*migrations)/env\.py$"
)
_PRIVATE: Final = regex(r"(^|/)_(?!_)[^/]*(/|\.py$)")
_ENVIRONMENT: Final = regex(
    r"(?:^|[/_.-])(dev|development|local|tests?|testing|ci|prod|production|staging)(?:[/_.-]|$)"
)
_WORKSPACE: Final = regex(r"(^|/)\.(devcontainer|gitpod|codespaces)[/.]")


@dataclass(frozen=True, slots=True)
class PathClass:
    """`kind` is python or a kind of text file; `name` the path class; `role` what else rules may ask of the path.

    Roles of Python files: init, settings, settings-dev, settings-test, settings-production, private, or empty.
    Roles of documents: readme, changelog, decision, architecture, runbook, objectives, or empty.
    """

    kind: str
    name: str
    role: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}/{self.role}"

    @staticmethod
    @lru_cache(maxsize=1024)
    def read(text: str) -> "PathClass":
        """The inverse of str()."""
        kind, name, role = text.split("/")
        return PathClass(kind, name, role)

    def named(self, name: str) -> "PathClass":
        """The same with another class."""
        return self if name == self.name else PathClass(self.kind, name, self.role)


@lru_cache(maxsize=65536)
def classify(path: str) -> PathClass | None:
    """The class of a file by its path below the sub-path, or None for a file that nobody looks at."""
    if path.endswith((".py", ".pyi", ".pyw")):
        return PathClass("python", _python_class(path), _python_role(path))
    kind = next((kind for kind, pattern in _TEXT_KINDS if pattern.search(path)), None)
    return PathClass(kind, _text_class(kind, path), _text_role(kind, path)) if kind else None


def _python_class(path: str) -> str:
    if path.endswith(".pyi"):
        return "stub"
    for name, pattern in (
        ("vendored", _VENDORED),
        ("generated", _GENERATED),
        ("test", _TEST),
        ("migration", _MIGRATION),
        ("example", _EXAMPLE),
        ("script", _SCRIPT),
    ):
        if pattern.search(path):
            return name
    return "service"


def _text_class(kind: str, path: str) -> str:
    if _VENDORED.search(path):
        return "vendored"
    if _TEST.search(path):
        return "test"
    kept = path.startswith(("docs/", "doc/")) and kind not in _DEPLOYED
    return "example" if _EXAMPLE.search(path) and not kept else "service"


def _text_role(kind: str, path: str) -> str:
    if kind == "docs":
        return next((role for role, pattern in _DOCUMENTS if pattern.search(path)), "")
    return "" if kind == "workflow" else _environment(path)


def _python_role(path: str) -> str:
    if path.endswith("__init__.py"):
        return "init"
    if not _SETTINGS.search(path):
        return "private" if _PRIVATE.search(path) else ""
    environment = _environment(path)
    return f"settings-{environment}" if environment else "settings"


def _environment(path: str) -> str:
    if _WORKSPACE.search(path):
        return "dev"
    found = _ENVIRONMENT.search(path.rpartition("/")[2]) or _ENVIRONMENT.search(path)
    if found is None:
        return ""
    word = found[1]
    if word.startswith(("dev", "local")):
        return "dev"
    return "test" if word in ("test", "tests", "testing", "ci") else "production"


_MARKED_GENERATED: Final = regex(
    r"#.*(@generated|\bdo not edit\b|\bautomatically generated\b|\bauto-?generated\b)"
    r"|^#\s*generated (by|from|with)\b",
    re.IGNORECASE | re.MULTILINE,
)
_HOLDS_MIGRATION: Final = regex(r"^class Migration\(.*\bMigration\):|^down_revision\b.*=", re.MULTILINE)
_HOLDS_TEST: Final = regex(r"^(async )?def test_\w+\(|^    (async )?def test_\w+\(self", re.MULTILINE)
_FOR_TESTS: Final = regex(r"^(from|import) (unittest|pytest|django\.test|rest_framework\.test)\b", re.MULTILINE)
_COMMAND_LINE: Final = regex(
    r"^[^\S\n]*+(from|import) (argparse|optparse|getopt|click|typer|fire|docopt)\b", re.MULTILINE
)
_MAIN: Final = regex(r"^if __name__ == ['\"]__main__['\"]", re.MULTILINE)
_PARSES_AT_ONCE: Final = regex(r"^(\w[\w, ]*= *)?\w+\.parse_(known_)?args\(", re.MULTILINE)
_SERVES: Final = regex(
    r"\b(uvicorn\.run|web\.run_app|serve_forever|FastAPI\(|Flask\(|Celery\(|start_consuming|run_until_complete|asyncio\.run)\b"
)


def refine(path_class: PathClass, source: str) -> PathClass:
    """The class that the content gives a file that its name left as service, script or migration.

    A service is a script when it is started as a program and reads a command line, unless it then goes on serving.
    """
    if path_class.name not in ("service", "script", "migration"):
        return path_class
    if ("Migration" in source or "down_revision" in source) and _HOLDS_MIGRATION.search(source):
        return path_class.named("migration")
    head = "\n".join(source[:2000].split("\n")[:5]).lower()
    if ("generated" in head or "do not edit" in head) and _MARKED_GENERATED.search(head):
        return path_class.named("generated")
    if "def test_" in source and _HOLDS_TEST.search(source) and _FOR_TESTS.search(source):
        return path_class.named("test")
    if path_class.name == "migration":
        path_class = path_class.named("service")
    if path_class.name == "service" and path_class.role != "init" and _is_program(source):
        return path_class.named("script")
    return path_class


def _is_program(source: str) -> bool:
    started = source.startswith("#!") or ("__main__" in source and _MAIN.search(source))
    if not (started or (".parse_" in source and _PARSES_AT_ONCE.search(source))):
        return False
    return _COMMAND_LINE.search(source) is not None and _SERVES.search(source) is None
