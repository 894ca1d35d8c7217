"""What of the house's rules a machine can check, one sentence a test. Linters and import-linter check the rest."""

import ast
import re
import tomllib

from scanners import registry
from tests.source import files, length, name_of, own_sources, sources, text

TOP_LEVEL = {
    *("config", "reviews", "scanners", "templates", "static", "tests", "docs", "benchmarks", ".ci", ".github"),
    *("manage.py", "pyproject.toml", "uv.lock", "Makefile", "Dockerfile", "docker-compose.yml"),
    *(".dockerignore", ".env.example", ".gitignore", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
}
VAGUE = {"utils", "helpers", "common", "misc", "util", "helper"}
TEMPLATES = files("templates/", ".html")
PAGES = [name for name in TEMPLATES if name.startswith("templates/reviews/")]


def test_the_top_level_is_fixed():
    assert {name.split("/")[0] for name in files()} <= TOP_LEVEL


def test_no_module_has_a_name_that_says_nothing():
    assert [source.path for source in sources() if VAGUE & set(source.path.removesuffix(".py").split("/"))] == []


def test_no_file_is_longer_than_300_lines():
    assert [(source.path, source.lines) for source in own_sources() if source.lines > 300] == []


def test_no_function_is_longer_than_40_lines():
    assert too_long(own_sources(), 40) == []


def test_no_rule_is_longer_than_150_lines():
    assert [(source.path, source.lines) for source in sources("scanners/rules/") if source.lines > 150] == []


def test_no_view_is_longer_than_25_lines():
    assert too_long(sources("reviews/views/"), 25) == []


def test_no_task_is_longer_than_10_lines():
    tasks = [function for source in sources("reviews/tasks.py") for function in source.functions()]
    assert [task.name for task in tasks if length(task) - 1 > 10 and task.decorator_list] == []


def test_no_test_is_longer_than_25_lines():
    tests = [(source, function) for source in sources("tests/") for function in source.functions()]
    assert [(source.path, test.name) for source, test in tests if is_test(test) and length(test) > 25] == []


def test_no_page_is_longer_than_150_lines():
    assert [name for name in PAGES if text(name).count("\n") > 150] == []


def test_only_the_guard_of_the_engine_catches_everything():
    broad = {"", "Exception", "BaseException"}
    found = {source.path for source in own_sources() for node in ast.walk(source.tree) if catches(node) & broad}
    assert found <= {"scanners/engine.py"}


def test_nothing_is_imported_inside_a_function():
    inside = [
        (source.path, node.lineno)
        for source in own_sources()
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_expression_of_the_scanners_is_compiled_before_it_is_used():
    eager = [
        (source.path, call.lineno)
        for source in sources("scanners/")
        for statement in source.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "re.compile"
    ]
    assert eager == []


def test_every_function_is_annotated():
    bare = [
        (source.path, function.name)
        for source in own_sources()
        for function in source.functions()
        for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if function.returns is None or (argument.annotation is None and argument.arg not in ("self", "cls"))
    ]
    assert bare == []


def test_no_check_is_silenced_without_a_code_and_a_reason():
    silenced = re.compile(r"#\s*(?:noqa|type:\s*ignore).*")
    reasoned = re.compile(r"#\s*(?:noqa: [A-Z]+\d+|type: ignore\[[a-z-]+\])(?:, ?[A-Z]+\d+)*\s*#?.*\w{3,} \w+")
    comments = [(source.path, comment) for source in sources() for comment in silenced.findall(source.text)]
    assert [found for found in comments if not reasoned.match(found[1]) and "test_house" not in found[0]] == []


def test_nothing_is_left_for_later():
    later = re.compile(r"#.*\b(?:TODO|FIXME|XXX|HACK)\b")
    assert [source.path for source in own_sources() if later.search(source.text)] == []


def test_text_files_are_opened_with_their_encoding():
    opening = {"open", "read_text", "write_text"}
    calls = [
        (source.path, node)
        for source in own_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and name_of(node.func).rpartition(".")[2] in opening
        and name_of(node.func) not in ("os.open", "tarfile.open", "self._connection.open")
    ]
    assert [(path, node.lineno) for path, node in calls if not says_how(node)] == []


def test_the_app_uses_no_signals_of_its_own():
    assert [source.path for source in sources("reviews/") if re.search(r"@receiver|\.connect\(", source.text)] == []


def test_every_rule_stands_in_the_file_of_its_name_and_the_folder_of_its_area():
    places = {rule.id: type(rule).__module__ for rule in registry.rules().values()}
    expected = {
        rule.id: f"scanners.rules.{rule.area}.{rule.id.replace('-', '_')}" for rule in registry.rules().values()
    }
    assert places == expected


def test_templates_carry_no_style_no_script_and_no_handler():
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    assert [(name, found) for name in TEMPLATES for found in inline.findall(text(name))] == []


def test_templates_trust_no_text():
    trusting = re.compile(r"\|\s*safe\b|autoescape off|mark_safe")
    assert [name for name in [*TEMPLATES, *files("reviews/", ".py")] if trusting.search(text(name))] == []


def test_components_know_nothing_of_the_page_that_includes_them():
    included = [(name, tag) for name in TEMPLATES for tag in re.findall(r'{% include "components/.*?%}', text(name))]
    assert [(name, tag) for name, tag in included if not tag.removesuffix("%}").rstrip().endswith("only")] == []


def test_every_download_comes_from_pypi():
    hosts = set(re.findall(r'"https?://([^/"]+)', text("uv.lock")))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}


def test_every_decision_has_a_number_and_a_title_that_decides_something():
    decisions = files("docs/decisions/", ".md")
    numbers = [name.split("/")[-1][:4] for name in decisions]
    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [name for name in decisions if not re.match(r"# \S+( \S+){3,}\n", text(name))] == []


def test_no_test_is_skipped_or_expected_to_fail():
    marks = re.compile(r"@pytest\.mark\.(?:skip\b|xfail)|pytest\.(?:xfail|importorskip)\(")
    assert [source.path for source in sources("tests/") if marks.search(source.text)] == []


def test_no_test_branches():
    tests = [(source.path, function) for source in sources("tests/") for function in source.functions()]
    branching = [(path, test.name) for path, test in tests if is_test(test) and any(map(is_branch, ast.walk(test)))]
    assert branching == []


def test_no_test_patches_what_is_ours():
    patching = re.compile(r"(?:patch|setattr)\(\s*[\"'](?:config|reviews|scanners)\.")
    assert [source.path for source in sources("tests/") if patching.search(source.text)] == []


def test_pytest_refuses_what_it_does_not_know():
    options = tomllib.loads(text("pyproject.toml"))["tool"]["pytest"]["ini_options"]["addopts"]
    assert {"--strict-markers", "--strict-config"} <= set(options.split())


def too_long(of: list, most: int) -> list[tuple[str, str, int]]:
    """The functions of these sources that have more than `most` lines."""
    functions = [(source.path, function.name, length(function)) for source in of for function in source.functions()]
    return [found for found in functions if found[2] > most]


def is_test(function: ast.AST) -> bool:
    return getattr(function, "name", "").startswith("test_")


def is_branch(node: ast.AST) -> bool:
    return isinstance(node, ast.If | ast.IfExp | ast.Match)


def catches(node: ast.AST) -> set[str]:
    """The names that an except clause catches; {""} for a bare one."""
    if not isinstance(node, ast.ExceptHandler):
        return set()
    several = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return {name_of(one) for one in several}


def says_how(call: ast.Call) -> bool:
    """Whether an opening call names an encoding or opens bytes."""
    words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return any(keyword.arg in ("encoding", None) for keyword in call.keywords) or any(
        isinstance(word, str) and "b" in word and len(word) <= 3 for word in words
    )
