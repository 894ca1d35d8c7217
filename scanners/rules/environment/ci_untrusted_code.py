from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.images import movement, parse
from scanners.semantics.environment.pipelines import Step, provider, steps, triggers
from scanners.semantics.environment.strangers import HEAD, NUMBER_ONLY, PLATFORM, SHA, TAINTED
from scanners.text import TextFile
from scanners.yamltree import Yaml


class CiUntrustedCode(Rule):
    """
    A pipeline holds the keys to deploy. Whoever moves the tag of an action, names a branch cleverly or opens a pull request
    then runs code with those keys.

    Looks at actions and images by tag or branch (an image without digest weighs less, and so do the actions of the
    platform itself); at `pull_request_target` and `workflow_run` together with a checkout of the change; at `write-all`; and
    at event text (titles, bodies, branch names) that is pasted into a script. Actions by commit or below `./` are good.
    """

    id = "ci-untrusted-code"
    area = "environment"
    item = "V6"
    title = "Pipeline that runs code of strangers"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Name actions by commit; pass event text through `env:`; never check out the change of a stranger beside secrets."
    files = ("workflow",)
    bad = [
        Example(
            "moving actions and images",
            {
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    container: python:latest\n"
                "    services:\n      db:\n        image: postgres:16\n    steps:\n      - uses: actions/checkout@v4\n"
                "      - uses: acme/deploy@main\n      - uses: docker://alpine\n"
                "  call:\n    uses: acme/flows/.github/workflows/x.yml@v1\n"
            },
            at=[(".github/workflows/ci.yml", line) for line in (5, 8, 10, 11, 12, 14)],
        ),
        Example(
            "the change of a stranger beside secrets",
            {
                ".github/workflows/pr.yml": "on: pull_request_target\npermissions: write-all\njobs:\n  test:\n    steps:\n"
                f"      - uses: actions/checkout@{'0123abcd' * 5}\n        with:\n"
                "          ref: ${{ github.event.pull_request.head.sha }}\n"
                '      - run: |\n          echo start\n          echo "${{ github.event.pull_request.title }}"\n'
            },
            at=[(".github/workflows/pr.yml", line) for line in (2, 6, 11)],
        ),
        Example(
            "gitlab",
            {".gitlab-ci.yml": "image: python:latest\ntest:\n  script:\n    - pytest\n"},
            at=[(".gitlab-ci.yml", 1)],
        ),
    ]
    good = [
        Example(
            "commits, local actions, event text through the environment",
            {
                ".github/workflows/ci.yml": "on: [push, pull_request]\npermissions:\n  contents: read\njobs:\n  test:\n    steps:\n"
                f"      - uses: actions/checkout@{'0123abcd' * 5} # v4\n      - uses: ./.github/actions/setup\n"
                '      - env:\n          TITLE: ${{ github.event.pull_request.title }}\n        run: echo "$TITLE"\n'
                "      - run: echo ${{ github.event.pull_request.number }} ${{ contains(github.event.comment.body, 'x') }}\n"
            },
        ),
        Example(
            "labels only",
            {
                ".github/workflows/label.yml": "on: pull_request_target\njobs:\n  label:\n    steps:\n"
                f"      - uses: actions/checkout@{'0123abcd' * 5}\n      - run: ./label.sh\n"
            },
        ),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        whose = provider(text)
        if not whose or whose == "azure":
            return
        document = text.yaml[0]
        jobs = document.get("jobs") if whose == "github" else document
        for node in (document, *(job for _, job in jobs.items())):
            self._image(node.get("image") or node.get("container"), ctx)
            for service in [*node.get("services").each(), *(value for _, value in node.get("services").items())]:
                self._image(service.get("image") or service, ctx)
            self._rights(node.get("permissions"), ctx)
        if whose == "github":
            self._github(text, document, ctx)

    def _github(self, text: TextFile, document: Yaml, ctx: Context) -> None:
        risky = {"pull_request_target", "workflow_run"} & triggers(document).keys()
        for step in steps(text):
            self._uses(step, ctx)
            ref = step.node.get("with", "ref").text + step.node.get("with", "repository").text
            if risky and step.uses.startswith("actions/checkout@") and HEAD.search(ref):
                message = f"`{min(risky)}` runs with the rights and secrets of the repository, and this checks out the change."
                ctx.report(step.line, message, severity=Severity.HIGH)
            self._event_text(step, ctx)

    def _uses(self, step: Step, ctx: Context) -> None:
        name, _, version = step.uses.partition("@")
        if name.startswith("docker://"):
            self._judge_image(step.line, name.removeprefix("docker://") + ("@" + version if version else ""), ctx)
        elif name and not name.startswith((".", "/")):
            ctx.site(step.line)
            if not SHA.match(version):
                own = Severity.LOW if name.startswith(PLATFORM) else None
                message = f"`{step.uses}` is whatever `{version or 'the branch'}` names on the day of the run; name the commit."
                ctx.report(step.line, message, severity=own)

    def _event_text(self, step: Step, ctx: Context) -> None:
        script, first = step.script, step.script_line
        if step.uses.startswith("actions/github-script@"):
            node = step.node.get("with", "script")
            script, first = node.text, node.block_line
        if "github." not in script:
            return
        ctx.site(first)
        for number, line in enumerate(script.split("\n")):
            found = TAINTED.search(line)
            if found is not None and not NUMBER_ONLY.search(found[0]):
                message = f"Whoever writes the text decides what is run: `{found[0]}` is pasted into the script before it starts."
                ctx.report(first + number, message, severity=Severity.HIGH)

    def _rights(self, permissions: Yaml, ctx: Context) -> None:
        if permissions:
            ctx.site(permissions.line)
        if permissions.text == "write-all":
            ctx.report(permissions.line, "Every step gets every right on the repository; name the few that are needed.")

    def _image(self, node: Yaml, ctx: Context) -> None:
        image = node if node.text else node.get("image") or node.get("name")
        if image.text:
            self._judge_image(image.line, image.text, ctx)

    def _judge_image(self, line: int, reference: str, ctx: Context) -> None:
        image = parse(reference)
        if not image.known:
            ctx.unresolved(line, "A variable decides the image.")
            return
        ctx.site(line)
        why, surely = movement(image)
        if why:
            sure = Confidence.HIGH if surely else Confidence.MEDIUM
            ctx.report(line, f"{why}, and the job runs it.", severity=None if surely else Severity.LOW, confidence=sure)
