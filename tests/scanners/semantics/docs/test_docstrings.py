"""What a docstring with sections says, in the three usual notations."""

import pytest

from scanners.semantics.docs import docstrings

GOOGLE = "Pay.\n\nArgs:\n    order (Order): what\n        Note: once\n    limit: how much\n\nReturns:\n    nothing\n"
NUMPY = "Pay.\n\nParameters\n----------\norder : Order\n    what\nlimit, rate : int\n\nRaises\n------\nValueError\n"
SPHINX = "Pay.\n\n:param Order order: what\n:param limit: how much\n:raises ValueError: when paid\n"


@pytest.mark.parametrize(
    ("text", "names", "raising"),
    [
        (GOOGLE, ("order", "limit"), False),
        (NUMPY, ("order", "limit", "rate"), True),
        (SPHINX, ("order", "limit"), True),
        ("Pay.\n\nArgs:\n    *args: more\n    **kwargs: more\n", ("args", "kwargs"), False),
        ("Pay.\n\n```\nArgs:\n    x: an example\n```\n\nReturns:\n    nothing\n", (), False),
        ("List.\n---\nparameters:\n  - name: x\n", (), False),
        ("Pay.\n\n:param order (Order): what\n:param int limit: how much\n", ("order", "limit"), False),
        ("Pay.\n\nArgs:\n    url: such as\n    https://bank.example\n", ("url",), False),
        ("Pay an order: args are not listed.", (), False),
    ],
)
def test_parameters_and_errors_are_read(text, names, raising):
    said = docstrings.read(text)
    assert (said.names, said.raising) == (names, raising)


def test_prose_has_no_sections():
    assert not docstrings.read("Pay one order, or raise ValueError.").sections
    assert docstrings.read(GOOGLE).sections
