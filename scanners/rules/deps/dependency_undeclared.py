from scanners.dependencies.distributions import distributions
from scanners.dependencies.undeclared import DECLARED, UNKNOWN, Import, declared_names, imports
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Tree, TreeContext


class DependencyUndeclared(Rule):
    """
    An import that no manifest declares works until the package that happened to bring it along no longer does.

    Looks at imports at the top of modules that belong to a well-known distribution or to one in the lock. Modules of the
    repository and of the standard library, imports inside `try`, functions and conditions, and of what the file itself
    installs are good. A module whose distribution is not known is unresolved. Each distribution is reported once; one
    that only the lock holds weighs less, and one that a declared package tells its users to import is only suspected.
    """

    id = "dependency-undeclared"
    area = "deps"
    item = "D3"
    title = "Import that no manifest declares"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Add the distribution to the requirements of the project and lock again."
    bad = [
        Example(
            "nowhere declared",
            {"shop/pay.py": "import requests\nimport redis\n", "requirements.txt": "redis==6.0.0\n"},
            at=[("shop/pay.py", 1)],
        ),
        Example(
            "another name, reported once",
            {
                "shop/a.py": "import yaml\nfrom PIL import Image\n",
                "shop/b.py": "import yaml\n",
                "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["pillow"]\n',
            },
            at=[("shop/a.py", 1)],
        ),
        Example(
            "only brought along",
            {
                "shop/pay.py": "import urllib3\n",
                "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["requests"]\n',
                "uv.lock": 'version = 1\n[[package]]\nname = "requests"\nversion = "2"\n[[package]]\nname = "urllib3"\nversion = "2"\n',
            },
            at=[("shop/pay.py", 1)],
        ),
    ]
    good = [
        Example(
            "declared",
            {
                "shop/pay.py": "import json\n\nimport jwt\nfrom bs4 import BeautifulSoup\n",
                "requirements.txt": "PyJWT\nbeautifulsoup4\n",
            },
        ),
        Example(
            "names that begin like a marker",
            {
                "shop/pay.py": "import pydantic\nfrom dateutil.parser import parse\nimport platformdirs\n",
                "setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n  pydantic>=2, <3\n  python-dateutil\n\n"
                "  platformdirs; python_version > '3'\n",
            },
        ),
        Example(
            "in an environment of conda, or installed by the module itself",
            {
                "shop/pay.py": "import numpy\nimport torch\nimport requests\n",
                "shop/local.py": "import pipmaster as pm\n\nif not pm.is_installed('transformers'):\n    pm.install('transformers')\n"
                "import transformers\n",
                "environment.yml": "name: shop\ndependencies:\n  - python=3.12\n  - conda-forge::numpy>=2\n  - pip:\n      - torch==2.6\n",
                "requirements.txt": "requests\npipmaster\n",
            },
        ),
        Example("own module", {"requests.py": "", "app.py": "import requests\n", "requirements.txt": "redis\n"}),
        Example(
            "optional",
            {
                "app.py": "try:\n    import uvloop\n    import orjson\nexcept ImportError:\n    uvloop = orjson = None\n\n\n"
                "def plot():\n    import matplotlib\n\n    return matplotlib\n",
                "requirements.txt": "redis\n",
            },
        ),
        Example("unknown distribution", {"app.py": "import acme_internal\n", "requirements.txt": "redis\n"}),
        Example("no manifest", {"app.py": "import requests\n"}),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        if not declared_names(tree):
            ctx.not_applicable("The repository declares no requirements.")
            return
        reported: set[str] = set()
        for found in imports(tree):
            if found.answer == DECLARED:
                ctx.site(found.fact.path, found.fact.line)
            elif found.answer == UNKNOWN:
                ctx.unresolved(found.fact.path, found.fact.line, f"Which distribution brings {found.top} is not known.")
            elif found.top not in reported:
                reported.add(found.top)
                _report(found, ctx)


def _report(found: Import, ctx: TreeContext) -> None:
    fact, top = found.fact, found.top
    name = next(iter(distributions(top)), top)
    along = "; another package brings it along" if found.brought else ""
    ctx.report(
        fact.path,
        fact.line,
        f"{top} comes from {name}, which no manifest declares{along}.",
        anchor=top,
        text=f"import {fact['module']}",
        severity=Severity.LOW if found.brought else None,
        confidence=Confidence.LOW if found.shown else None,  # Who declares Flask imports werkzeug as it is told.
    )
