import libcst as cst

from scanners.fixes.arguments import renamed, with_keyword, without_keyword, without_position
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_LOADERS = ("Loader", "UnsafeLoader", "FullLoader", "CLoader")


class LoadSafely(Fix):
    """
    Loads YAML with `safe_load` or `safe_load_all`, arrays of numpy with `allow_pickle=False`, and weights of torch with
    `weights_only=True`.

    Not offered for pickle and its relatives: another format is a decision about every file that was written so far.
    """

    rule = "unsafe-deserialization"
    says = "Load the bytes with a loader that cannot run code."
    examples = (
        Change(
            "yaml, by every name of it",
            "import yaml\nfrom yaml import load, Loader\n\n\ndef read(file, other):\n"
            "    a = yaml.load(file, Loader=yaml.Loader)\n"
            "    b = list(yaml.unsafe_load_all(other))\n    return a, b, load(file, Loader)\n",
            "import yaml\nfrom yaml import safe_load\n\n\ndef read(file, other):\n    a = yaml.safe_load(file)\n"
            "    b = list(yaml.safe_load_all(other))\n    return a, b, safe_load(file)\n",
        ),
        Change(
            "numpy and torch",
            "import numpy as np\nimport torch\n\n\ndef read(path):\n    rows = np.load(path, allow_pickle=True)\n"
            '    return rows, torch.load(path, map_location="cpu")\n',
            "import numpy as np\nimport torch\n\n\ndef read(path):\n    rows = np.load(path, allow_pickle=False)\n"
            '    return rows, torch.load(path, map_location="cpu", weights_only=True)\n',
        ),
    )
    declined = (
        Declined(
            "a loader of its own",
            "import yaml\n\n\nclass Tags(yaml.Loader):\n    pass\n\n\n"
            "def read(file):\n    return yaml.load(file, Loader=Tags)\n",
            "class of this file",
        ),
        Declined("pickle", "import pickle\n\n\ndef read(raw):\n    return pickle.loads(raw)\n", "another format"),
    )

    def mend(self, spot: Spot) -> None:
        """Name the safe loader, or pass the safe option."""
        dotted, node = spot.call.dotted, spot.node(cst.Call)
        if dotted.startswith("yaml."):
            loader = spot.call.argument(1, "Loader")
            if loader is not None and spot.call.name(loader).startswith("."):
                raise NotOfferedError("The loader is a class of this file: give it yaml.SafeLoader as its base.")
            name = "safe_load_all" if dotted.endswith("_all") else "safe_load"
            for needless in (dotted.rpartition(".")[2], *_LOADERS):
                spot.unneeded("yaml", needless)
            called = node.func if isinstance(node.func, cst.Attribute) else spot.expression(spot.imported("yaml", name))
            spot.change(node, without_position(1))
            spot.change(node, without_keyword("Loader"))
            spot.change(node, renamed(name) if called is node.func else lambda now: now.with_changes(func=called))
        elif dotted == "numpy.load":
            spot.change(node, with_keyword("allow_pickle", spot.expression("False")))
        elif dotted == "torch.load":
            spot.change(node, with_keyword("weights_only", spot.expression("True")))
        else:
            raise NotOfferedError("What is loaded here was written in this format: another format is a decision.")
