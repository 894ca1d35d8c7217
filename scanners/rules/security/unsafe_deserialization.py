from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.security import handed
from scanners.semantics.security.loads import (
    LOADS,
    RUAMEL,
    YAML_LOADS,
    YAML_SAFE,
    YAML_UNSAFE,
    load_fault,
    made_or_checked_here,
    written_here,
)


class UnsafeDeserialization(Rule):
    """
    Loading a pickle, or YAML with a full loader, runs whatever the author of those bytes asked for.

    Looks at loads of pickle, marshal, dill, cloudpickle, shelve, jsonpickle, joblib, pandas and numpy pickles, torch and
    yaml. Bytes that the same function made or whose signature it checked first are good. Reading is reported, writing is
    not. `torch.load` without weights_only is safe from torch 2.6 on, so it is a guess here.
    """

    id = "unsafe-deserialization"
    area = "security"
    item = "S3"
    title = "Bytes loaded in a format that runs code"
    severity = Severity.HIGH
    effort = Effort.HOURS
    fix = "Use JSON or another plain format, yaml.safe_load, torch.load(weights_only=True), or check a signature first."
    bad = [
        Example(
            "pickle",
            {
                "cache.py": "import pickle\n\n\ndef read(redis, key):\n    return pickle.loads(redis.get(key))\n",
                "later.py": "import asyncio\nimport pickle\n\nimport joblib\n\n\nasync def read(loop, path, data):\n    await loop.run_in_executor(None, joblib.load, path)\n    return await asyncio.to_thread(pickle.loads, data)\n",
            },
            at=[("cache.py", 5), ("later.py", 8), ("later.py", 9)],
        ),
        Example(
            "yaml with a full loader, also as a base; ruamel",
            {
                "rules.py": "import yaml\n\n\ndef read(stream):\n    return yaml.load(stream, Loader=yaml.UnsafeLoader)\n\n\ndef read_plain(stream):\n    return yaml.load(stream)\n",
                "roam.py": "import yaml\nfrom ruamel.yaml import YAML\n\n\nclass Loader(yaml.Loader):\n    pass\n\n\ndef read(stream):\n    return yaml.load(stream, Loader=Loader), YAML(typ='unsafe').load(stream)\n",
            },
            at=[("roam.py", 10), ("roam.py", 10), ("rules.py", 5), ("rules.py", 9)],
        ),
        Example(
            "joblib, pandas, numpy, shelve",
            {
                "model.py": "import joblib\nimport numpy as np\nimport pandas as pd\nimport shelve\n\n\ndef load(path):\n    model = joblib.load(path)\n    frame = pd.read_pickle(path)\n    weights = np.load(path, allow_pickle=True)\n    with shelve.open(path) as state:\n        return model, frame, weights, dict(state)\n",
            },
            at=[("model.py", 8), ("model.py", 9), ("model.py", 10), ("model.py", 11)],
        ),
        Example(
            "jsonpickle, dill, marshal",
            {
                "jobs.py": "import marshal\n\nimport dill\nimport jsonpickle\n\n\ndef read(body):\n    return jsonpickle.decode(body), dill.loads(body), marshal.loads(body)\n",
            },
            at=[("jobs.py", 8), ("jobs.py", 8), ("jobs.py", 8)],
        ),
        Example(
            "torch",
            {
                "model.py": "import torch\n\n\ndef load(path):\n    weights = torch.load(path, weights_only=False)\n    return weights, torch.load(path)\n",
            },
            at=[("model.py", 5), ("model.py", 6)],
        ),
    ]
    good = [
        Example(
            "writing; bytes made here",
            {
                "cache.py": "import pickle\n\n\ndef write(file, value):\n    pickle.dump(value, file)\n",
                "copy.py": "import pickle\n\n\ndef deep(value):\n    return pickle.loads(pickle.dumps(value))\n",
            },
        ),
        Example(
            "safe yaml, an unpickler that knows its classes",
            {
                "rules.py": "import yaml\n\nrules = yaml.load(open('r.yml'), Loader=yaml.CSafeLoader)\n",
                "tame.py": "import pickle\n\nimport yaml\n\n\nclass Loader(yaml.SafeLoader):\n    pass\n\n\nclass Tame(pickle.Unpickler):\n    def find_class(self, module, name):\n        raise pickle.UnpicklingError(name)\n\n\ndef read(file, stream):\n    return Tame(file).load(), yaml.load(stream, Loader=Loader)\n",
            },
        ),
        Example(
            "signature checked first",
            {
                "cache.py": "import hmac\nimport pickle\n\n\ndef read(blob, key):\n    mac, body = blob[:32], blob[32:]\n    if not hmac.compare_digest(mac, hmac.digest(key, body, 'sha256')):\n        raise ValueError('forged')\n    return pickle.loads(body)\n",
            },
        ),
        Example(
            "weights and plain arrays only",
            {
                "model.py": "import numpy as np\nimport torch\n\n\ndef load(path):\n    return torch.load(path, weights_only=True), np.load(path)\n",
            },
        ),
    ]
    calls = (*LOADS, *YAML_LOADS, *YAML_UNSAFE, *YAML_SAFE, *RUAMEL, *handed.CALLS, "numpy.load", "torch.load")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if handed.hands_on(call):
            inner = handed.called_by(call, LOADS)
            if inner is not None and inner.node.args:
                self._look(inner, ctx)
        else:
            self._look(call, ctx)

    def _look(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        confidence = load_fault(call, ctx)
        if confidence is None or made_or_checked_here(call):
            return
        if confidence is UNKNOWN:
            ctx.unresolved(call, "What decides how the bytes are loaded is not in sight.")
            return
        if written_here(call, ctx):
            confidence = Confidence.LOW
        given = call.argument(0)
        sent = taint(given, call, ctx) if given is not None else None
        can = "take the process over" if call.dotted.startswith("marshal.") else "run code here"
        message = f"{call.dotted} trusts whoever made the bytes: they can {can}."
        ctx.report(call, message, severity=Severity.CRITICAL if sent else None, confidence=confidence)
