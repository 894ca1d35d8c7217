import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import taint
from scanners.semantics.security import commands, handed
from scanners.syntax import unparse


class ShellInjection(Rule):
    """
    A shell reads `;`, `$(...)` and quotes in the values that a command is made of: a file name can then run programs.

    Looks at os.system, os.popen, getoutput, subprocess with shell=True, asyncio's shell, programs started as `sh -c` and
    commands over SSH. Parts that went through shlex.quote, numbers and choices from fixed sets are good, and so are lists.
    A constant command weighs less: it only wastes a shell. What a request puts in, or a program that it names, is critical.
    """

    id = "shell-injection"
    area = "security"
    item = "S2"
    title = "Shell command that is not fixed"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Pass a list and leave the shell out; where a shell is needed, put each value through shlex.quote."
    bad = [
        Example(
            "os.system, os.popen, getoutput",
            {
                "thumbs.py": "import os\n\n\ndef resize(name, width):\n    os.system('convert ' + name + ' out.png')\n    return os.popen(f'identify {name}').read()\n",
                "run.py": "import subprocess\n\n\ndef run(command):\n    return subprocess.getoutput(command)\n",
            },
            at=[("run.py", 5), ("thumbs.py", 5), ("thumbs.py", 6)],
        ),
        Example(
            "shell=True, also among unpacked options",
            {
                "backup.py": "import subprocess\nfrom subprocess import check_output as output\n\n\ndef dump(database):\n    command = 'pg_dump %s | gzip' % database\n    subprocess.run(command, shell=True, check=True)\n    return output('du -sh {}'.format(database), shell=True)\n",
                "pack.py": "import subprocess\n\n\ndef pack(path):\n    options = {'shell': True, 'timeout': 60}\n    subprocess.run('tar cf - ' + path, **options)\n    words = ['sh', '-c', f'du -s {path}']\n    return subprocess.run(words, timeout=5)\n",
            },
            at=[("backup.py", 7), ("backup.py", 8), ("pack.py", 6), ("pack.py", 8)],
        ),
        Example(
            "a shell by name",
            {
                "run.py": "import subprocess\n\n\ndef count(path):\n    subprocess.run(['bash', '-c', f'wc -l {path} | sort'])\n",
            },
            at=[("run.py", 5)],
        ),
        Example(
            "asyncio, threads, invoke",
            {
                "probe.py": "import asyncio\n\n\nasync def probe(host):\n    await asyncio.create_subprocess_shell(f'ping -c1 {host}')\n",
                "check.py": "import asyncio\nimport os\n\nimport invoke\n\n\nasync def check(host, loop):\n    invoke.run('ping ' + host)\n    await loop.run_in_executor(None, os.system, f'ping {host}')\n    await asyncio.to_thread(os.system, f'ping {host}')\n",
            },
            at=[("check.py", 8), ("check.py", 9), ("check.py", 10), ("probe.py", 5)],
        ),
        Example(
            "over SSH",
            {
                "deploy.py": "import paramiko\n\n\ndef restart(host, unit):\n    client = paramiko.SSHClient()\n    client.connect(host)\n    client.exec_command('systemctl restart ' + unit)\n",
            },
            at=[("deploy.py", 7)],
        ),
        Example(
            "the request names the program; Django",
            {
                "run.py": "import subprocess\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/run')\ndef run():\n    return subprocess.run([request.form['tool'], '-v'], timeout=5).stdout\n",
                "view.py": "import os\nimport shlex\nimport subprocess\n\nfrom django.http import HttpResponse\n\n\ndef ping(request):\n    os.system('ping ' + request.GET['host'])\n    return HttpResponse(subprocess.check_output(shlex.split(request.POST['line'])))\n",
            },
            at=[("run.py", 9), ("view.py", 9), ("view.py", 10)],
        ),
        Example(
            "constant, which weighs less",
            {
                "disk.py": "import subprocess\n\nsubprocess.run('df -h | tail -1', shell=True)\n",
            },
            at=[("disk.py", 3)],
        ),
    ]
    good = [
        Example(
            "a list; not a shell",
            {
                "thumbs.py": "import subprocess\n\n\ndef resize(name):\n    subprocess.run(['convert', name, 'out.png'], check=True)\n",
                "run.py": "import subprocess\n\n\ndef run(args, use):\n    subprocess.run(args, shell=False)\n",
            },
        ),
        Example(
            "quoted",
            {
                "backup.py": "import os\nimport shlex\nimport subprocess\n\n\ndef dump(name, arguments):\n    os.system(f'pg_dump {shlex.quote(name)} | gzip')\n    subprocess.run(shlex.join(arguments) + ' | gzip', shell=True)\n    os.system('tar cf x ' + ' '.join(shlex.quote(each) for each in arguments))\n",
            },
        ),
        Example(
            "choices, numbers and checked names",
            {
                "unit.py": "import os\n\nUNITS = {'web': 'web.service'}\n\n\ndef restart(key, delay: int):\n    os.system(f'sleep {delay}; systemctl restart {UNITS[key]}')\n    for name, unit in UNITS.items():\n        os.system(f'systemctl reload {unit}')\n",
                "log.py": "import os\n\n\ndef show(name):\n    if not name.isalnum():\n        raise ValueError(name)\n    os.system('journalctl -u ' + name)\n",
            },
        ),
    ]
    calls = (
        *commands.ALWAYS,
        *commands.SUBPROCESS,
        *commands.EXECS,
        *commands.REMOTE,
        *handed.CALLS,
        "*.exec_command",
        "*.subprocess_shell",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if handed.hands_on(call):
            if (inner := handed.called_by(call, commands.ALWAYS | commands.SUBPROCESS)) is not None:
                self._look(inner, ctx)
        else:
            self._look(call, ctx)

    def _look(self, call: Call, ctx: Context) -> None:
        if call.last == "exec_command" and not commands.goes_over_ssh(call):
            return
        ctx.site(call)
        command, sure = commands.command_of(call, ctx)
        program = commands.program_of(call) if command is None else None
        if program is not None and (named := taint(program, call, ctx)) is not None:
            ctx.report(call, f"`{named.what}` decides which program runs.", severity=Severity.CRITICAL)
            return
        if sure is None:
            ctx.unresolved(call, "Whether a shell is used is decided elsewhere.")
        elif command is not None:
            self._judge(call, ctx, command, sure)

    def _judge(self, call: Call, ctx: Context, command: ast.expr, sure: Confidence) -> None:
        taken = pieces(command, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        loose = [hole for hole in taken.holes if not commands.is_harmless_in_shell(hole, call)]
        if loose:
            sent = next((hole for hole in loose if taint(hole, call, ctx, commands.QUOTES) is not None), None)
            message = f"A shell reads {unparse(sent or loose[0])[:60]} as part of the command."
            confidence = sure if taken.built or sent else min(sure, Confidence.MEDIUM, key=_rank)
            ctx.report(call, message, severity=Severity.CRITICAL if sent else None, confidence=confidence)
        elif not taken.holes and call.dotted in commands.SUBPROCESS and handed.passed(call, "shell") is not None:
            ctx.report(call, "The command is fixed, so nothing needs a shell here.", severity=Severity.LOW)


def _rank(confidence: Confidence) -> int:
    return list(Confidence).index(confidence)
