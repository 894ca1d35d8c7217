import gc
import pkgutil
import re
from importlib import import_module

import pytest

import scanners
from scanners.regex import Lazy, regex


def test_it_finds_what_a_compiled_one_finds():
    lazy = regex(r"(?P<name>[a-z]+)=(\d+)", re.IGNORECASE)
    assert lazy.match("Timeout=5")["name"] == "Timeout"
    assert lazy.sub("", "a=1;b=2") == ";"
    assert [found[2] for found in lazy.finditer("a=1 b=2")] == ["1", "2"]
    assert lazy.pattern == r"(?P<name>[a-z]+)=(\d+)"


def test_it_is_compiled_when_first_used_and_a_wrong_one_raises_then():
    wrong = regex("(")
    with pytest.raises(re.error):
        wrong.search("x")


def test_every_expression_of_the_scanners_can_be_compiled():
    for module in pkgutil.walk_packages(scanners.__path__, "scanners."):
        import_module(module.name)
    gc.collect()  # The wrong one above may linger.
    given = [one for one in gc.get_objects() if type(one) is Lazy]
    assert len(given) > 600
    assert [one.pattern for one in given]
