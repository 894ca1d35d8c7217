"""Cases from real services that the pages of the rules on docs have no room for."""

import pytest

from scanners.scan import scan_files

FIELDS = "".join(f"    field{number}: int = {number}\n" for number in range(8))
DEEP = "".join(f"        self.field{number} = {number}\n" for number in range(9))


def found(rule: str, source: str) -> list[tuple[int, str]]:
    """The line and confidence of each finding of a rule in one file."""
    report = scan_files({"shop/orders.py": source.encode()})
    assert [file.path for file in report.files if file.problem] == []
    return [(each.line, str(each.confidence)) for each in report.findings if each.rule == rule]


def test_a_data_class_with_short_methods_nearly_explains_itself() -> None:
    source = f"@dataclass\nclass Order:\n{FIELDS}\n    def total(self):\n        return self.field1\n"
    assert found("public-code-undocumented", source) == [(2, "low")]
    assert found("public-code-undocumented", source.replace("@dataclass", "@register")) == [(2, "high")]


def test_an_interface_describes_the_class_that_implements_it() -> None:
    source = f"@implementer(ILedger)\nclass Ledger:\n    def settle(self):\n{DEEP}"
    assert found("public-code-undocumented", source) == [(2, "low")]


@pytest.mark.parametrize("entry", ["limit int: how many", "limit List[int]: how many", "- limit int: how many"])
def test_a_type_without_brackets_belongs_to_a_parameter(entry: str) -> None:
    source = f'def f(order, limit):\n    """Pay.\n\n    Args:\n        order: what\n        {entry}\n    """\n'
    assert found("docstring-out-of-step", source) == []


def test_a_listed_base_stands_for_its_errors() -> None:
    source = (
        'def f(a):\n    """Pay.\n\n    Raises:\n        LookupError: gone\n    """\n    a()\n    raise KeyError(a)\n'
    )
    assert found("docstring-out-of-step", source) == []
    assert found("docstring-out-of-step", source.replace("LookupError: gone", "ValueError: bad")) == [(1, "medium")]
