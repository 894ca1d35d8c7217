from scanners.facts.environment import is_standard
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.config.allreads import all_reads
from scanners.semantics.config.leftover import left_over
from scanners.semantics.docs.documents import points_elsewhere
from scanners.tree import Tree, TreeContext


class EnvVarUndocumented(Rule):
    """
    Whoever deploys the program cannot set a variable that nobody wrote down, and learns of it from an incident.

    Looks at each variable that the code reads by a fixed name, and for its name in `.env.example`, compose files,
    Dockerfiles, manifests, configuration files and documents. Variables of the system and of tools, and those that the
    program sets for its own children, are left out. Where the README sends its reader to documentation elsewhere, or an
    archive of a release leaves it out, it is a guess. A variable of the example, or one that compose sets for a service built
    here and that is named like those which the code reads, is suspected to be left over where nothing reads it.
    """

    id = "env-var-undocumented"
    area = "config"
    item = "C3"
    title = "Environment variable that no document names"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = "Add it to `.env.example` with a line on what it is for."
    bad = (
        Example(
            "read, but written down nowhere",
            {
                "shop/mail.py": 'import os\nHOST = os.environ["MAIL_HOST"]\nPORT = os.getenv("MAIL_PORT", "25")\n',
                ".env.example": "MAIL_HOST=mail.internal\n",
            },
            at=[("shop/mail.py", 3)],
        ),
        Example(
            "written down, but read nowhere",
            {
                "shop/mail.py": 'import os\nHOST = os.environ["MAIL_HOST"]\n',
                ".env.example": "MAIL_HOST=mail.internal\nFAX_NUMBER=\n",
            },
            at=[(".env.example", 2)],
        ),
    )
    good = (
        Example(
            "a sign between the program and its children",
            {
                "shop/run.py": "import os\nimport subprocess\n\n\ndef start():\n    env = dict(os.environ)\n"
                '    env["SHOP_CHILD"] = "1"\n    subprocess.run(["shop"], env=env, check=True)\n\n\n'
                'def is_child():\n    return bool(os.environ.get("SHOP_CHILD"))\n',
            },
        ),
        Example(
            "written down in any of the places",
            {
                "shop/settings.py": """\
import os
from pydantic_settings import BaseSettings
HOST = os.environ["MAIL_HOST"]
PORT = os.getenv("MAIL_PORT", "25")
HOME = os.environ.get("HOME")
DATES = os.getenv("DATE_FORMAT", "N j, Y")
class Settings(BaseSettings):
    model_config = {"env_prefix": "SHOP_"}
    currency: str = "EUR"
""",
                ".env.example": "MAIL_HOST=mail.internal\n",
                "docker-compose.yml": "services:\n  web:\n    environment:\n      MAIL_PORT: 25\n",
                "shop/settings.yaml": "properties:\n  DATES:\n    environment_variable: DATE_FORMAT\n",
                "docs/operations.md": "Set `SHOP_CURRENCY` to the currency of the shop.\n",
            },
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        known = {word for fact in tree.facts("env-words") for word in fact["words"]}
        known |= {fact["name"] for fact in tree.facts("env-set")}
        hidden = not tree.facts("env-example") and (points_elsewhere(tree) or bool(tree.of_kind("archive")))
        sure = Confidence.LOW if hidden else None
        seen: set[str] = set()
        computed = False
        for read in all_reads(tree):
            name = read["name"].upper()
            computed = computed or not name
            if not name:
                ctx.unresolved(read.path, read.line, "The name of the variable is computed.")
            elif name not in seen and not is_standard(name):
                if name in known:
                    ctx.site(read.path, read.line)
                else:
                    message = f"No document names {name}."
                    ctx.report(read.path, read.line, message, anchor=name, text=read["text"], confidence=sure)
            seen.add(name)
        if seen - {""}:
            for found, name, sure in left_over(tree, seen, computed):
                message = f"{name} is written down, but nothing in the code reads it."
                ctx.report(found.path, found.line, message, anchor=name, text=found.get("text", ""), confidence=sure)
