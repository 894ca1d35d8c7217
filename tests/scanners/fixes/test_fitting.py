"""Lines that a fix makes too long are broken as formatters do it, and no others."""

import pytest

from scanners.fixes.fitting import width
from tests.scanners.fixes.mended import after, mended

LONG = "'https://rates.example.com/v1/currencies/all'"
EACH = f"    requests.post(\n        {LONG},\n        None,\n        data=load,\n        timeout=(3.05, 10),\n    )\n"
GET = "import requests\ndef load(self, url, headers):\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            f"    answer = requests.get({LONG}, headers=headers).json()\n",
            f"    answer = requests.get(\n        {LONG}, headers=headers, timeout=(3.05, 10)\n    ).json()\n",
        ),
        (
            f"    return requests.post(url, {LONG},\n        headers)\n",
            f"    return requests.post(url, {LONG},\n        headers,\n        timeout=(3.05, 10))\n",
        ),
        (
            f"    requests.post(\n        {LONG}, None, data=load\n    )\n",
            EACH,
        ),
        (
            "    requests.post(\n        url\n    )\n",
            "    requests.post(\n        url, timeout=(3.05, 10)\n    )\n",
        ),
        (
            "    requests.post(\n        {\n            1: 2\n        }\n    )\n",
            "    requests.post(\n        {\n            1: 2\n        },\n        timeout=(3.05, 10),\n    )\n",
        ),
    ],
    ids=["on a line of their own", "as it is laid out", "each on its own", "room enough", "below a long value"],
)
def test_arguments_of_a_call(before: str, expected: str) -> None:
    assert after(mended(GET + before, "request-without-timeout")).decode() == GET + expected


def test_the_head_of_a_with() -> None:
    before = f"def load(join):\n    with open(join({LONG}, 'now')) as file:\n        pass\n"
    expected = (
        f"def load(join):\n    with open(\n        join({LONG}, 'now'), encoding='utf-8'\n"
        "    ) as file:\n        pass\n"
    )
    assert after(mended(before, "text-file-without-encoding")).decode() == expected


def test_a_cause() -> None:
    start = "def load(text):\n    try:\n        return int(text)\n    except ValueError"
    before = f"{start}:\n        raise RuntimeError('this is what could not be read as a number today: %s' % text)\n"
    expected = (
        f"{start} as error:\n        raise RuntimeError(\n"
        "            'this is what could not be read as a number today: %s' % text\n        ) from error\n"
    )
    assert after(mended(before, "cause-dropped")).decode() == expected


def test_lines_that_were_not_asked_for_stay() -> None:
    other = f"def more(tell):\n    tell.warning('{'a text that goes on and on, ' * 3}', tell)  # as it was\n"
    assert after(mended(GET + "    requests.get(url)\n" + other, "request-without-timeout")).decode().endswith(other)


def test_what_was_aligned_with_a_bracket_still_is() -> None:
    start = "import logging\nlogger = logging.getLogger(__name__)\ndef pay(api):\n    try:\n        api.pay()\n"
    before = (
        "    except Exception as caught:\n        logger.error('not paid: %s '\n                     'at %s',\n"
        "                     caught, api)\n"
    )
    expected = (
        "    except Exception as caught:\n        logger.exception('not paid: %s '\n                         'at %s',\n"
        "                         caught, api)\n"
    )
    assert after(mended(start + before, "traceback-lost")).decode() == start + expected


def test_lines_may_be_as_long_as_those_that_could_have_been_broken() -> None:
    assert width(["x = 1"]) == 88
    assert width([f"text = '{'a' * 100}'", f"# {'a (b)' * 30}", f"prose (in brackets) {'a ' * 50}"]) == 88
    assert width([f"call('{'a' * 100}')"]) == 108
    assert width([f"call('{'a' * 200}')"]) == 120


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (f"get({LONG}, headers)", [f"    {LONG}, headers, timeout=(3.05, 10)"]),
        (
            f"post({LONG}, None, data=headers)",
            [f"    {LONG},", "    None,", "    data=headers,", "    timeout=(3.05, 10),"],
        ),
    ],
    ids=["on a line of their own", "each on its own"],
)
def test_a_call_on_a_later_line_of_a_statement(call: str, lines: list[str]) -> None:
    method = call.partition("(")[0]
    broken = "".join(f"        {line}\n" for line in lines)
    expected = f"    return [\n        requests.{method}(\n{broken}        ),\n    ]\n"
    before = f"    return [\n        requests.{call},\n    ]\n"
    assert after(mended(GET + before, "request-without-timeout")).decode() == GET + expected


def test_a_call_that_is_short_enough_now_is_on_one_line() -> None:
    start = "import logging\nlogger = logging.getLogger(__name__)\ndef load(order, name):\n"
    text = "'order {number} has come to {name}'.format(number=order.number, name=name)"
    expected = "    logger.info('order %s has come to %s', order.number, name)\n"
    said = mended(f"{start}    logger.info(\n        {text}\n    )\n", "log-message-preformatted")
    assert after(said).decode() == start + expected


def test_lines_of_a_file_in_single_quotes_are_short() -> None:
    assert width(["name = 'a', 'b'"] * 10) == 79
    assert width(['name = "a", "b"'] * 10) == 88


def test_the_head_of_an_if() -> None:
    before = f"    if not requests.post({LONG}, data=headers):\n        pass\n    else:\n        url = 1\n"
    expected = (
        f"    if not requests.post(\n        {LONG}, data=headers, timeout=(3.05, 10)\n    ):\n        pass\n"
        "    else:\n        url = 1\n"
    )
    assert after(mended(GET + before, "request-without-timeout")).decode() == GET + expected


def test_no_comma_stands_before_a_bracket_on_the_line_of_the_last_value() -> None:
    start = "import logging\nlogger = logging.getLogger(__name__)\ndef load(order, customer, carrier):\n"
    text = "'the order %s of %s is brought by %s this week'"
    before = f"    logger.info(\n        {text} % (\n            order.number, customer.address, carrier.name))\n"
    expected = (
        f"    logger.info(\n        {text},\n        order.number,\n        customer.address,\n        carrier.name)\n"
    )
    assert after(mended(start + before, "log-message-preformatted")).decode() == start + expected
