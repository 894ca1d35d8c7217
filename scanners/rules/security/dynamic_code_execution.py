import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.harmless import is_fixed_name, is_one_of
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import taint
from scanners.syntax import descendants, unparse

_FRAMES = frozenset({"pandas.DataFrame.eval", "pandas.DataFrame.query"})
_RUNS = frozenset({"eval", "exec", "builtins.eval", "builtins.exec", "pandas.eval", *_FRAMES})
_READS = ("read", "read_text", "read_bytes")
_COMPILES = frozenset({"compile", "builtins.compile"})
_IMPORTS = frozenset({"__import__", "importlib.import_module", "importlib.__import__"})
_TEMPLATES = {
    "jinja2.Template": "source",
    "jinja2.Environment.from_string": "source",
    "jinja2.sandbox.SandboxedEnvironment.from_string": "",
    "flask.render_template_string": "source",
    "quart.render_template_string": "source",
    "django.template.Template": "template_string",
    "mako.template.Template": "text",
}

_MADE = "The template itself is made from text that is not fixed: its expressions run."
_ENGINE = regex(r"env|engine|jinja|templates")


class DynamicCodeExecution(Rule):
    """
    Whoever decides the text that `eval`, `exec` or a template engine runs decides what the service does.

    Looks at eval, exec, compile, pandas.eval, imports by name and templates made from text. Constants are good, and so are
    ast.literal_eval, compiling for the syntax tree only, and files of templates. An import by a name that is not fixed is a
    guess, as plugins are loaded so; so is the text of a local file, whose writer may as well write the program.
    """

    id = "dynamic-code-execution"
    area = "security"
    item = "S2"
    title = "Code or template made from text that is not fixed"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Look the operation up in a mapping, parse values with ast.literal_eval or json, keep templates in files."
    bad = [
        Example(
            "eval of an argument; pandas",
            {
                "pricing/rules.py": "def apply(formula, price):\n    return eval(formula, {'price': price})\n",
                "a.py": "import pandas as pd\n\n\ndef column(frame, text):\n    return pd.eval(text, target=frame)\n",
            },
            at=[("a.py", 5), ("pricing/rules.py", 2)],
        ),
        Example(
            "exec of assembled text; compiled for later; import by name",
            {
                "jobs/run.py": "def call(job, argument):\n    exec(f'jobs.{job}({argument!r})')\n",
                "filters.py": "def prepare(text):\n    return compile(text, '<filter>', 'eval')\n",
                "plugins.py": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(f'out.{name}')\n",
            },
            at=[("filters.py", 2), ("jobs/run.py", 2), ("plugins.py", 5)],
        ),
        Example(
            "template from text, by an engine of a project too",
            {
                "greet.py": "from flask import render_template_string\n\n\ndef hello(name):\n    return render_template_string('<h1>Hello ' + name + '</h1>')\n",
                "show.py": "from django.http import HttpResponse\nfrom django.template import engines\n\n\ndef show(request):\n    made = engines['django'].from_string(request.POST['text'])\n    return HttpResponse(made.render({}, request))\n",
            },
            at=[("greet.py", 5), ("show.py", 6)],
        ),
    ]
    good = [
        Example(
            "values only; a constant; a fixed template",
            {
                "rules.py": "import ast\n\n\ndef read(text):\n    return ast.literal_eval(text)\n",
                "rules2.py": "LIMIT = '2 ** 16'\nlimit = eval(LIMIT)\n\n\ndef flag(text):\n    if text in ('True', 'False'):\n        return eval(text)\n",
                "mail.py": "from jinja2 import Template\n\nBODY = 'Dear {{ name }}'\n\n\ndef body(name):\n    return Template(BODY).render(name=name)\n",
            },
        ),
        Example(
            "names that only look alike; the syntax tree only",
            {
                "train.py": "import re\n\n\ndef score(model, pattern):\n    model.eval()\n    return re.compile(pattern)\n",
                "check.py": "import ast\n\n\ndef tree(text):\n    return compile(text, 'x', 'exec', ast.PyCF_ONLY_AST)\n",
            },
        ),
    ]
    calls = (*_RUNS, *_COMPILES, *_IMPORTS, *_TEMPLATES, "*.from_string")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "from_string" and call.dotted not in _TEMPLATES:
            given, engine = call.argument(0), unparse(call.receiver) if call.receiver is not None else ""
            if given is not None and _ENGINE.search(engine) and taint(given, call, ctx):
                ctx.report(call, _MADE, severity=Severity.CRITICAL, confidence=Confidence.MEDIUM)
            return
        if call.dotted in _TEMPLATES:
            self._template(call, ctx)
            return
        source = call.argument(0, "source", "expr", "expression", "name")
        if call.dotted in _COMPILES and (call.dropped or _only_tree(call)):
            return
        ctx.site(call)
        if source is None or is_fixed_name(source):
            return
        holes = pieces(source, call.scope, call.line, _column(call)).holes
        if not holes or any(isinstance(hole, ast.Call) and call.name(hole.func) in _COMPILES for hole in holes):
            return  # What is compiled is judged there.
        if all(is_one_of(hole, call) for hole in holes):
            return
        severity = Severity.CRITICAL if taint(source, call, ctx) else None
        if call.dotted in _IMPORTS:
            message = "The name of the module to import is not fixed; whoever decides it decides what code runs."
            ctx.report(call, message, severity=severity, confidence=Confidence.MEDIUM if severity else Confidence.LOW)
        else:
            message = f"{call.last} runs text that is not fixed; whoever decides it decides what code runs."
            sure = Confidence.LOW if severity is None and _is_of_a_file(call, holes) else None
            ctx.report(call, message, severity=severity, confidence=sure)

    def _template(self, call: Call, ctx: Context) -> None:
        source = call.argument(0, _TEMPLATES[call.dotted])
        ctx.site(call)
        if (
            source is None
            or not _TEMPLATES[call.dotted]
            or not (taken := pieces(source, call.scope, call.line, _column(call))).holes
        ):
            return
        severity = Severity.CRITICAL if taint(source, call, ctx) else None
        sure = Confidence.MEDIUM if taken.built and not _is_of_a_file(call, taken.holes) else Confidence.LOW
        ctx.report(call, _MADE, severity=severity, confidence=Confidence.HIGH if severity else sure)


def _is_of_a_file(call: Call, holes: list[ast.expr]) -> bool:
    """Whether it runs the text of a local file, or fills a module: who may write the one may write the program too."""
    loads = call.last == "exec" and getattr(call.argument(1, "globals"), "attr", "") == "__dict__"
    return loads or all(isinstance(hole, ast.Call) and getattr(hole.func, "attr", "") in _READS for hole in holes)


def _column(call: Call) -> int:
    return call.stmt.col_offset if call.stmt else 0


def _only_tree(call: Call) -> bool:
    return any(getattr(inner, "attr", "") == "PyCF_ONLY_AST" for inner in descendants(call.node))
