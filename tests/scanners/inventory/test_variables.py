from typing import Any

import pytest

from scanners.scan import scan_files

Rows = dict[str, dict[str, Any]]


def rows(files: dict[str, str]) -> Rows:
    """The rows of the table by the name of the variable."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return {row["key"]: dict(row) for row in report.inventory["variables"]}


def cell(source: str, name: str, column: str) -> Any:
    """One cell for a variable that a settings module reads."""
    return rows({"shop/settings.py": source})[name]["cells"][column]


HEAD = "import os\n"
PYDANTIC = (
    "from pydantic import Field, SecretStr, BaseModel\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n"
)
ENVIRON = "import environ\nenv = environ.Env(SHOP_DEBUG=(bool, False))\n"
HELPER = "def env(name, default=None):\n    return os.environ.get(name, default)\n"
STRICT = (
    "def env(name):\n    value = os.environ.get(name)\n    if not value:\n        raise SystemExit(name)\n"
    "    return value\n"
)

REQUIRED: list[tuple[str, bool | None]] = [
    (HEAD + "A = os.environ['SHOP_HOST']\n", True),
    (HEAD + "A = os.environ.get('SHOP_HOST')\n", False),
    (HEAD + "A = os.environ.get('SHOP_HOST', 'localhost')\n", False),
    (HEAD + "A = os.environ.get('SHOP_HOST', '')\nif not A:\n    raise SystemExit('Set SHOP_HOST.')\n", True),
    (HEAD + "A = os.environ.get('SHOP_HOST')\nassert A\n", True),
    (HEAD + "if 'SHOP_HOST' in os.environ:\n    A = os.environ['SHOP_HOST']\n", False),
    (HEAD + "A = os.environ['SHOP_HOST'] if 'SHOP_HOST' in os.environ else None\n", False),
    (HEAD + "try:\n    A = os.environ['SHOP_HOST']\nexcept KeyError:\n    A = None\n", False),
    (HEAD + "try:\n    A = os.environ['SHOP_HOST']\nexcept KeyError:\n    raise SystemExit('Set it.')\n", True),
    (HEAD + "if 'SHOP_HOST' not in os.environ:\n    raise SystemExit('Set it.')\n", True),
    (HEAD + "A = {v: os.environ[v] for v in ('SHOP_HOST', 'SHOP_PORT') if v in os.environ}\n", False),
    (HEAD + "A = os.environ['SHOP_HOST']\nB = os.environ.get('SHOP_HOST', 'x')\n", None),
    (HEAD + HELPER + "A = env('SHOP_HOST')\n", False),
    (HEAD + STRICT + "A = env('SHOP_HOST')\n", True),
    (ENVIRON + "A = env('SHOP_HOST')\n", True),
    (ENVIRON + "A = env('SHOP_HOST', default=None)\n", False),
    (PYDANTIC + "class S(BaseSettings):\n    shop_host: str\n", True),
    (PYDANTIC + "class S(BaseSettings):\n    shop_host: str = Field(...)\n", True),
    (PYDANTIC + "class S(BaseSettings):\n    shop_host: str = 'localhost'\n", False),
    (("import click\n@click.command()\n@click.option('--host', envvar='SHOP_HOST', required=True)\n"
     "def f(host): pass\n"), True),
]  # fmt: skip


@pytest.mark.parametrize(("source", "required"), REQUIRED)
def test_required_is_what_the_program_refuses_to_go_on_without(source: str, required: bool | None) -> None:
    assert cell(source, "SHOP_HOST", "required") is required


DEFAULTS = [
    (HEAD + "A = os.environ.get('SHOP_PORT', 25)\n", "25"),
    (HEAD + "A = int(os.environ.get('SHOP_PORT') or 25)\n", "25"),
    (HEAD + "A = os.environ.get('SHOP_PORT', DEFAULT + 1)\n", "computed: DEFAULT + 1"),
    (HEAD + "A = os.environ.get('SHOP_PORT')\n", ""),
    (HEAD + "A = os.environ.get('SHOP_PORT', 'amqp://shop:hunter22@mq/')\n", "amqp://shop:***@mq/"),
    (HEAD + "A = os.environ.get('SHOP_PORT', 'host=db password=hunter22')\n", "host=db password=***"),
    (HEAD + "A = os.environ.get('SHOP_PORT', 1)\nB = os.environ.get('SHOP_PORT', 2)\n", "1 or 2"),
    (HEAD + HELPER + "A = env('SHOP_PORT', '25')\n", "25"),
    (HEAD + HELPER.replace("None", "'7'") + "A = env('SHOP_PORT')\n", "7"),
    (PYDANTIC + "class S(BaseSettings):\n    shop_port: int = Field(25, ge=1)\n", "25"),
]


@pytest.mark.parametrize(("source", "default"), DEFAULTS)
def test_the_default_is_the_text_of_what_the_program_goes_on_with(source: str, default: str) -> None:
    assert cell(source, "SHOP_PORT", "default") == default


TYPES = [
    (HEAD + "A = int(os.environ.get('SHOP_X', '5'))\n", "int", "int()"),
    (HEAD + "A = os.environ.get('SHOP_X', '').split(',')\n", "list", ""),
    (HEAD + "A = os.environ.get('SHOP_X', '').lower() in ('1', 'true')\n", "flag", ""),
    (HEAD + "import json\nA = json.loads(os.environ['SHOP_X'])\n", "json", "loads()"),
    (HEAD + "def env_bool(name):\n    return os.environ.get(name) == '1'\nA = env_bool('SHOP_X')\n", "bool", ""),
    (
        HEAD + "class V:\n    def __init__(self, name, type, default):\n        self.name = name\n    def get(self):\n"
        "        return os.environ.get(self.name)\nA = V('SHOP_X', int, 5)\n",
        "int",
        "",
    ),
    (HEAD + "A = os.environ.get('SHOP_X')\nB = 'SHOP_X' in os.environ\n", "", ""),
    (ENVIRON + "A = env.int('SHOP_X')\n", "int", "must be int"),
    (ENVIRON.replace("SHOP_DEBUG", "SHOP_X") + "A = env('SHOP_X')\n", "bool", "must be bool"),
    ("from decouple import config\nA = config('SHOP_X', cast=float)\n", "float", "must be float"),
    (PYDANTIC + "class S(BaseSettings):\n    shop_x: int = Field(5, ge=1, le=9)\n", "int", "ge=1, le=9"),
    (HEAD + "A = os.environ['SHOP_X']\nif A not in ('a', 'b'):\n    raise SystemExit(A)\n", "", ("checked where "
        "it is read")),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "validator"), TYPES)
def test_type_and_check_are_those_of_the_place_that_reads(source: str, kind: str, validator: str) -> None:
    found = rows({"shop/settings.py": source})["SHOP_X"]["cells"]
    assert (found["type"], found["validator"]) == (kind, validator)


NAMES = [
    (HEAD + "for name in ('SHOP_A', 'SHOP_B'):\n    print(os.environ.get(name))\n", {"SHOP_A", "SHOP_B"}),
    (HEAD + "PREFIX = 'SHOP_'\nA = os.getenv(PREFIX + 'A')\n", {"SHOP_A"}),
    (HEAD + "def get(name):\n    return os.environ.get(f'SHOP_{name}'.upper())\nA = get('a')\n", {"SHOP_A"}),
    (HEAD + HELPER + "def flag(name):\n    return env(name) == '1'\nA = flag('SHOP_A')\n", {"SHOP_A"}),
    (HEAD + "class C:\n    @staticmethod\n    def env(name):\n        return os.environ.get(name)\n"
        "A = C.env('SHOP_A')\n", {"SHOP_A"}),
    (HEAD + "class V:\n    def __init__(self, name, default=None):\n        self.name = name\n    def get(self):\n"
     "        return os.environ.get(self.name)\nclass B(V):\n    def __init__(self, name):\n"
     "        super().__init__(name)\n"
     "A = V('SHOP_A')\nC = B('SHOP_B')\n", {"SHOP_A", "SHOP_B"}),
    ("from environs import Env\nenv = Env()\nwith env.prefixed('SHOP_'):\n    A = env.str('A')\n", {"SHOP_A"}),
    (ENVIRON + "A = env.db()\n", {"DATABASE_URL"}),
    ("import dj_database_url\nDATABASES = {'default': dj_database_url.config()}\n", {"DATABASE_URL"}),
    (PYDANTIC + "class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
        "    a: int = 1\n", {"SHOP_A"}),
    (PYDANTIC + "class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
        "class S(Base):\n    a: int = 1\n",
     {"SHOP_A"}),
    (PYDANTIC + "class Mail(BaseModel):\n    host: str\nclass S(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='SHOP_', "
     "env_nested_delimiter='__')\n    mail: Mail\n", {"SHOP_MAIL__HOST"}),
    (PYDANTIC + "class S(BaseSettings):\n    a: str = Field('x', validation_alias='SHOP_A')\n", {"SHOP_A"}),
    (HEAD + "A = os.environ.get(name())\n", set()),
]  # fmt: skip


@pytest.mark.parametrize(("source", "names"), NAMES)
def test_names_are_put_together_as_the_code_does(source: str, names: set[str]) -> None:
    assert set(rows({"shop/settings.py": source})) == names


@pytest.mark.parametrize("imported", ["from shop.env import env_int", "from .env import env_int"])
def test_a_reader_of_another_file_is_followed(imported: str) -> None:
    reader = "import os\ndef env_int(name, default=0):\n    return int(os.environ.get('SHOP_' + name, default))\n"
    found = rows({"shop/env.py": reader, "shop/settings.py": f"{imported}\nSIZE = env_int('SIZE', 5)\n"})
    assert found["SHOP_SIZE"]["cells"]["default"] == "5"
    assert found["SHOP_SIZE"]["places"] == [["shop/settings.py", 2, "read with a default for SIZE"]]


def test_a_word_for_required_decides() -> None:
    reader = (
        "import os\ndef get_env(name, default=None, required=False):\n    value = os.environ.get(name, default)\n"
        "    if value is None and required:\n        raise SystemExit(name)\n    return value\n"
    )
    calls = "from shop.env import get_env\nA = get_env('SHOP_A', required=True)\nB = get_env('SHOP_B')\n"
    found = rows({"shop/env.py": reader, "shop/settings.py": calls})
    assert {name: row["cells"]["required"] for name, row in found.items()} == {"SHOP_A": True, "SHOP_B": False}


@pytest.mark.parametrize(
    "source",
    [
        HEAD + "KEY = os.environ.get('SHOP_SECRET_KEY', 'hunter-22')\n",
        HEAD + HELPER + "KEY = env('SHOP_SECRET_KEY', 'hunter-22')\n",
        PYDANTIC + "class S(BaseSettings):\n    shop_secret_key: SecretStr = SecretStr('hunter-22')\n",
        ENVIRON + "KEY = env('SHOP_SECRET_KEY', default='hunter-22')\n",
    ],
)
def test_the_default_of_a_secret_is_never_shown(source: str) -> None:
    found = rows({"shop/settings.py": source, "Dockerfile": "FROM python:3.12\nENV SHOP_SECRET_KEY=hunter-22\n"})
    assert "hunter" not in repr(found)
    row = found["SHOP_SECRET_KEY"]
    assert (row["cells"]["secret"], row["cells"]["default"], row["marks"]["default"]) == (True, "set, not shown", "bad")
    assert row["cells"]["set_in"] == ["Dockerfile: set, not shown"]


def test_documents_images_and_compose_files_are_named() -> None:
    found = rows({
        "shop/settings.py": HEAD + "A = os.environ['SHOP_A']\nB = os.environ['SHOP_B']\n",
        ".env.example": "SHOP_A=1\n",
        "README.md": "Set `SHOP_A`.\n",
        "docker-compose.yml": "services:\n  web:\n    build: .\n    environment:\n      SHOP_A: two\n"
        "  db:\n    image: postgres:16\n    environment:\n      SHOP_A: three\n",
    })  # fmt: skip
    assert found["SHOP_A"]["cells"]["documented"] == [".env.example", "docker-compose.yml", "README.md"]
    assert found["SHOP_A"]["cells"]["set_in"] == ["docker-compose.yml: two"]
    assert found["SHOP_A"]["marks"] == {"documented": "good"}
    assert found["SHOP_B"]["marks"] == {"documented": "bad"}


def test_what_is_written_down_and_read_nowhere_has_a_row() -> None:
    found = rows({
        "shop/settings.py": HEAD + "A = os.environ['SHOP_A']\n",
        ".env.example": "SHOP_A=1\nSHOP_FAX=\nSHOP_SHELL=\nPOSTGRES_PASSWORD=x\n",
        "start.sh": 'echo "$SHOP_SHELL"\n',
        "docker-compose.yml": "services:\n  web:\n    build: .\n    environment:\n      - SHOP_OLD=1\n"
        "  db:\n    image: postgres:16\n    environment:\n      POSTGRES_DB: shop\n",
    })  # fmt: skip
    left = {name: row for name, row in found.items() if row["cells"]["read"] == 0}
    assert set(left) == {"SHOP_FAX", "SHOP_OLD"}
    assert left["SHOP_FAX"]["places"] == [[".env.example", 2, "set in the example"]]
    assert left["SHOP_FAX"]["marks"] == {"read": "bad"}


def test_differing_defaults_are_told() -> None:
    files = {
        "shop/settings.py": HEAD + "A = os.environ.get('SHOP_A', '1')\n",
        "shop/mail.py": HEAD + "A = os.environ.get('SHOP_A', '2')\n",
    }
    row = rows(files)["SHOP_A"]
    assert row["cells"]["default"] == "1 or 2"
    assert row["marks"]["default"] == "bad"
    assert row["unresolved"] == "Its defaults differ: which one holds depends on where it is read."
    assert [place[0] for place in row["places"]] == ["shop/settings.py", "shop/mail.py"]


def test_the_key_stays_where_the_line_moves() -> None:
    one = rows({"shop/settings.py": HEAD + "A = os.environ['SHOP_A']\n"})
    other = rows({"shop/conf/settings.py": HEAD + "\n\n\nA = os.environ['SHOP_A']\n"})
    assert set(one) == set(other)


BASE = (
    "from pydantic_settings import BaseSettings, SettingsConfigDict\nclass ShopSettings(BaseSettings):\n"
    "    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
)


def test_a_settings_class_of_another_file_hands_on_its_prefix() -> None:
    mail = "from shop.base import ShopSettings\nclass Mail(ShopSettings):\n    host: str = 'localhost'\n    port: int\n"
    found = rows({"shop/base.py": BASE, "shop/mail.py": mail})
    assert {name: (row["cells"]["default"], row["cells"]["required"]) for name, row in found.items()} == {
        "SHOP_HOST": ("localhost", False),
        "SHOP_PORT": ("", True),
    }


def test_names_below_a_computed_prefix_are_not_guessed() -> None:
    base = BASE.replace("SettingsConfigDict(env_prefix='SHOP_')", "made_for('shop')")
    mail = "from shop.base import ShopSettings\nclass Mail(ShopSettings):\n    host: str\n"
    assert rows({"shop/base.py": base, "shop/mail.py": mail}) == {}


def test_a_class_that_only_sounds_like_settings_is_none() -> None:
    source = "from shop.forms import MailSettings\nclass Mail(MailSettings):\n    host: str\n"
    assert rows({"shop/mail.py": source, "shop/forms.py": "class MailSettings:\n    pass\n"}) == {}


def test_a_switch_about_secrets_is_no_secret() -> None:
    source = b"import os\n\nALLOW_API_KEYS = os.environ.get('ALLOW_API_KEY', 'False').lower() == 'true'\n"
    (row,) = scan_files({"app/settings.py": source}).inventory["variables"]
    assert (row["cells"]["type"], row["cells"]["secret"], row["marks"].get("default")) == ("flag", False, None)
