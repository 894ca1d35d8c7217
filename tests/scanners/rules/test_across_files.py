"""Rules that hold one file against another: what each says where they disagree, and silence where they agree."""

from textwrap import dedent

import pytest

from scanners.finding import Confidence, Finding
from scanners.scan import scan_files

IMAGE = 'FROM python:3.12-slim\nCOPY . /srv\nUSER 10001\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "shop.wsgi"]\n'
PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.12"\n'
POD = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template:
        metadata:
          labels: {app: web}
        spec:
          securityContext: {runAsNonRoot: true}
          containers:
            - name: web
              image: registry.example/shop:4.2
              ports:
                - {name: http, containerPort: 8000}
    """


def found(rule: str, files: dict[str, str]) -> list[Finding]:
    report = scan_files({path: dedent(text).lstrip("\n").encode() for path, text in files.items()})
    return [finding for finding in report.findings if finding.rule == rule]


def places(rule: str, files: dict[str, str]) -> list[tuple[str, int]]:
    return [(finding.path, finding.line) for finding in found(rule, files)]


def compose(ports: str = "80:8000", **variables: str) -> dict[str, str]:
    given = "".join(f"      {name}: '{value}'\n" for name, value in variables.items())
    environment = f"    environment:\n{given}" if given else ""
    return {
        "Dockerfile": IMAGE,
        "compose.yaml": f"services:\n  web:\n    build: .\n    ports: ['{ports}']\n{environment}",
    }


@pytest.mark.parametrize(("ports", "at"), [("80:8080", [("compose.yaml", 4)]), ("80:8000", []), ("9000-9010", [])])
def test_a_published_port_is_one_that_the_command_binds(ports, at):
    assert places("published-port-unbound", compose(ports)) == at


@pytest.mark.parametrize(
    ("target", "at"), [("8080", [("k8s/door.yaml", 5)]), ("web", [("k8s/door.yaml", 5)]), ("http", [])]
)
def test_a_door_leads_to_a_port_of_a_container_behind_it(target, at):
    ports = f"[{{port: 80, targetPort: {target}}}]"
    door = f"apiVersion: v1\nkind: Service\nspec:\n  selector: {{app: web}}\n  ports: {ports}\n"
    assert places("published-port-unbound", {"k8s/web.yaml": POD, "k8s/door.yaml": door}) == at


def test_the_port_that_code_binds_is_known_from_the_file_that_is_started():
    image = 'FROM python:3.12-slim\nUSER 1\nEXPOSE 80\nCMD ["python", "-m", "shop"]\n'
    code = "import uvicorn\n\nuvicorn.run('shop.app:app', host='0.0.0.0', port=8088)\n"
    [one] = found("published-port-unbound", {"Dockerfile": image, "shop/__main__.py": code})
    assert one.message == "The image says that it listens on 80, but its command binds 8088."


@pytest.mark.parametrize(
    ("user", "says"), [("", "no other user"), ("USER shop", "give its number"), ("USER 10001", "")]
)
def test_a_manifest_that_refuses_root_needs_an_image_with_a_number(user, says):
    image = f'FROM python:3.12-slim\n{user}\nCMD ["gunicorn", "shop.wsgi"]\n'
    listed = found("container-runs-as-root", {"k8s/web.yaml": POD, "Dockerfile": image})
    told = {one.path: one.message for one in listed}
    assert says in told.get("k8s/web.yaml", "")
    assert ("k8s/web.yaml" in told) is bool(says)


def test_a_variable_of_compose_is_left_over_when_nothing_of_its_family_reads_it():
    code = {"shop/conf.py": "import os\n\nURL = os.environ['SHOP_URL']\n"}
    files = compose(SHOP_URL="x", SHOP_FAX="1", AWS_REGION="eu", SHOP_MIGRATE="1") | code
    files |= {"start.sh": 'if [ "$SHOP_MIGRATE" = 1 ]; then python manage.py migrate; fi\n'}
    [one] = found("env-var-undocumented", files)
    assert (one.message, one.line) == ("SHOP_FAX is written down, but nothing in the code reads it.", 7)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("tox.ini", "[tox]\nenvlist = py{39,312}, lint\n", 2),
        ("noxfile.py", "import nox\n\n\n@nox.session(python=['3.10'])\ndef tests(session):\n    pass\n", 4),
        ("uv.lock", 'version = 1\nrequires-python = ">=3.9"\n', 2),
        ("tox.ini", "[tox]\nenvlist = py3{12,13}, py3.14\n", 0),
        ("uv.lock", 'version = 1\nrequires-python = ">=3.12, !=3.12.1"\n', 0),
    ],
)
def test_what_tools_and_locks_say_of_python_fits_the_project(path, text, line):
    assert places("versions-disagree", {"pyproject.toml": PROJECT, path: text}) == [(path, line)] * bool(line)


def test_what_a_linter_is_told_is_a_minor_remark():
    [one] = found("versions-disagree", {"pyproject.toml": f'{PROJECT}\n[tool.ruff]\ntarget-version = "py39"\n'})
    assert (one.severity.value, one.line) == ("low", 7)


def test_two_images_of_one_folder_run_the_same_python():
    worker = IMAGE.replace("3.12", "3.10")
    assert places("versions-disagree", {"Dockerfile": IMAGE, "worker.Dockerfile": worker}) == [("worker.Dockerfile", 1)]


@pytest.mark.parametrize("target", ["shop.prices.fetch", "shop.net.fetch", "shop.net.client"])
def test_a_boundary_is_mocked_by_its_client_or_by_the_function_around_it(target):
    files = {
        "shop/net.py": """
            import requests

            client = requests.Session()


            def fetch(sku):
                return client.get(f"https://prices.example/{sku}", timeout=3)
            """,
        "shop/prices.py": "from shop.net import fetch\n\n\ndef price(sku):\n    return fetch(sku)\n",
        "tests/test_prices.py": f"""
            from unittest.mock import patch

            from shop.prices import price


            @patch("{target}")
            def test_price(replaced):
                assert price("a")
            """,
    }
    assert [one.path for one in found("boundary-only-mocked", files)] == ["shop/net.py"]


def test_routers_of_the_same_name_are_told_apart_and_siblings_make_it_sure():
    guarded = "\n".join(
        f"@router.put('/{name}')\ndef {name}(user=Depends(current_user)):\n    return {{}}\n\n"
        for name in ("a", "b", "c")
    )
    head = "from fastapi import APIRouter, Depends\nfrom shop.users import current_user\n\n"
    files = {
        "shop/users.py": f"{head}router = APIRouter(dependencies=[Depends(current_user)])\n",
        "shop/orders.py": f"{head}router = APIRouter()\n\n\n{guarded}@router.delete('/d')\ndef d():\n    return {{}}\n",
    }
    [one] = found("endpoint-without-auth", files)
    assert (one.path, one.confidence) == ("shop/orders.py", Confidence.HIGH)
    assert one.message.endswith("3 of the 3 routes beside it do.")


@pytest.mark.parametrize(("made", "count"), [("shop.schemas", 0), ("shop.models", 1)])
def test_a_body_that_fills_a_schema_is_checked_and_one_that_fills_a_row_is_not(made, count):
    view = f"""
        from flask import Flask, request

        from {made} import Order

        app = Flask(__name__)


        @app.post("/orders")
        def add():
            return Order(**request.get_json()).save()
        """
    assert len(found("endpoint-without-schema", {"shop/views.py": view})) == count


@pytest.mark.parametrize(
    ("asked", "says"), [("/livez", "served at `/ops/livez`"), ("/ops/livez", ""), ("/up", "no route")]
)
def test_a_probe_asks_below_the_prefix_of_another_file(asked, says):
    files = {
        "Dockerfile": f"{IMAGE}HEALTHCHECK CMD curl -f http://localhost:8000{asked}\n",
        "shop/app.py": """
            from flask import Flask

            from shop.ops import ops

            app = Flask(__name__)
            app.register_blueprint(ops, url_prefix="/ops")
            """,
        "shop/ops.py": """
            from flask import Blueprint

            ops = Blueprint("ops", __name__)


            @ops.get("/livez")
            def livez():
                return "ok"
            """,
    }
    told = [one.message for one in found("health-probe-wrong", files)]
    assert len(told) == bool(says)
    assert all(says in message for message in told)
