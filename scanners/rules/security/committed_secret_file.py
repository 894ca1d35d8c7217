import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.regex import regex
from scanners.rule import EVERYWHERE, Example, Rule
from scanners.semantics.security.filledin import ENCRYPTED, secrets_in
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext

_TRIED_OUT: Final = regex(
    r"^[^\S\n]*+-[^\S\n]*+[\"']?(\.|\$\{?PWD\}?)/?(src|app)?/?:/|\bdockerfile:.*\bdev\b|settings\.\w*dev\b|DEBUG[:=]\s*[\"']?(1|true)",
    re.IGNORECASE | re.MULTILINE,
)
"""A compose file that starts what a developer works on."""
_MADE_UP: Final = (
    "gh" + "p_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4",
    "sk" + "_live_9fK2mQx7Lr4Wd8Zt1Vb6Np3C",
    "fl0tsam" + "@mq.shop.io",
)
_FRAME: Final = "-----BEGIN " + "PRIVATE KEY-----"


class CommittedSecretFile(Rule):
    """
    What was committed once stays in every clone and in the history, whoever may read the running system or not.

    Looks at environment files, compose files, pipelines, Dockerfiles, manifests, configuration, notebooks and key files: for
    shapes of tokens, private keys, addresses with a password and filled values under secret-like names. Templates, public
    and encrypted keys, references to secret stores and default words are good. Files of tests, and secrets that only a
    pipeline's own services use, are guesses.
    """

    id = "committed-secret-file"
    area = "security"
    item = "S1"
    title = "Secret in a committed file"
    severity = Severity.CRITICAL
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Replace the secret, remove it from the repository, and hand it in when the service is deployed."
    files = ("env", "compose", "workflow", "dockerfile", "manifest", "config-file", "notebook", "key-file", "shell")
    classes = EVERYWHERE
    bad = [
        Example(
            "filled environment file",
            {".env": f"DEBUG=0\nDB_PASSWORD=tr0ub4dor-and-3\nBROKER=amqp://shop:{_MADE_UP[2]}//\n"},
            at=[(".env", 2), (".env", 3)],
        ),
        Example(
            "compose, pipeline, manifest",
            {
                "docker-compose.yml": "services:\n  web:\n    environment:\n      API_TOKEN: q8Zr2LmV0xPd7TnBa1\n",
                ".github/workflows/ci.yml": f"env:\n  TOKEN: {_MADE_UP[0]}\n",
            },
            at=[(".github/workflows/ci.yml", 2), ("docker-compose.yml", 4)],
        ),
        Example(
            "image",
            {"Dockerfile": "FROM python:3.13\nENV SMTP_PASSWORD=Sn0wball!\nCOPY .env /app/\n"},
            at=[("Dockerfile", 2), ("Dockerfile", 3)],
        ),
        Example(
            "everything copied, nothing ignored",
            {"Dockerfile": "FROM python:3.13\nCOPY . /app\n"},
            at=[("Dockerfile", 2)],
        ),
        Example(
            "key file, notebook",
            {
                "deploy/server.key": f"{_FRAME}\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTU\n" * 3,
                "sales.ipynb": f'{{"cells": [{{"source": ["client = connect(\'{_MADE_UP[1]}\')"]}}]}}\n',
            },
            at=[("deploy/server.key", 1), ("sales.ipynb", 1)],
        ),
    ]
    good = [
        Example("template", {".env.example": "DB_PASSWORD=tr0ub4dor-and-3\n"}),
        Example(
            "references",
            {
                ".env": "DB_PASSWORD=\nAPI_KEY=${API_KEY}\nTOKEN=<token>\n",
                ".github/workflows/ci.yml": "env:\n  TOKEN: ${{ secrets.TOKEN }}\n",
                "docker-compose.yml": "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD=postgres\n      - KEY_FILE=/run/secrets/key\n",
            },
        ),
        Example(
            "public key", {"jwt.pem": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n"}
        ),
        Example(
            "encrypted",
            {"secrets.yaml": "db_password: ENC[AES256_GCM,data:q8Zr2LmV0x,type:str]\nsops:\n    version: 3.8.1\n"},
        ),
        Example("ignored", {"Dockerfile": "FROM python:3.13\nCOPY . /app\n", ".dockerignore": ".env\n.git\n"}),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        found = {} if ENCRYPTED.search(text.text) else dict(secrets_in(text, ctx))
        tried = text.kind == "compose" and _TRIED_OUT.search(text.text) is not None
        for at, (message, anchor, sure) in found.items():
            ctx.report(at, message, confidence=Confidence.LOW if tried else sure, anchor=anchor)
        if not found:
            ctx.site(1)
        if text.kind == "dockerfile":
            for entry in (entry for stage in text.dockerfile.stages for entry in stage.all("COPY", "ADD")):
                sources = () if entry.flag("from") else (entry.words or entry.value.split())[:-1]
                shown = text.lines[entry.line - 1].strip()
                if any(re.search(r"(^|/)\.env$", source) for source in sources):
                    message = "The environment file becomes part of the image."
                    ctx.report(entry.line, message, confidence=Confidence.HIGH, anchor=shown)
                elif "." in sources or "./" in sources:
                    ctx.fact("copies all", entry.line, text=shown)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        if tree.of_kind("dockerignore"):
            return
        for fact in tree.facts("copies all"):
            message = "The whole directory is copied and no .dockerignore keeps .git and .env out of the image."
            ctx.report(fact.path, fact.line, message, anchor="copies all", text=fact["text"], severity=Severity.LOW)
