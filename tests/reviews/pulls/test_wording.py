"""The comment below a pull request: what it says, and that nothing of a repository becomes markup in it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checklist import Level
from reviews.pulls.judging import Change, judge
from reviews.pulls.wording import LONGEST, SHOWN, Said, code, comment, failed, prose
from scanners import registry

PAGE = "https://plimsoll.example/repositories/payments/pay/pulls/7/"
COMMIT = "7ac01d9" + "0" * 33
HOSTILE = [
    *("@everyone look", "a | b | c", "`rm`", "``` fence", "<script>alert(1)</script>", "[here](https://evil.example)"),
    *("![x](https://evil.example/x.png)", "#12 and !34 and ~bug", "GH-12", "https://evil.example", "www.evil.example"),
    *("mail me@evil.example", "/close", "- item", "# head", "1. one", "a\nb\r\nc", "\u202etxt.exe", "a\\", "\\`x\\`"),
    *("*bold* _it_ ~~no~~", "&lt;b&gt;", ":tada:", "$1^2$", "<!-- plimsoll -->", "<details>", "evil.com", "\x1b[31m"),
    *("7ac01d9e7ac01d9e7ac01d9e7ac01d9e7ac01d9e", "\u200b@team", "caf\u00e9 \ud800", "%milestone", "&epic", "^sup^"),
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300), st.text("@|`<[(#!\\\n *_~a", max_size=80))
SPAN = re.compile(r"`[^`]+`")
PLAIN = re.compile(r"[A-Za-z0-9 .,;:!?'\"()-]*")
WORD_OF_TWO_KINDS = re.compile(r"[A-Za-z][0-9]|[0-9][A-Za-z]|\w[.:/@#]\w|\d{7}|-\d")


def row(**fields):
    usual = {"rule": "request-without-timeout", "path": "pay/main.py", "line": 9, "severity": "high"}
    return usual | {"confidence": "high", "message": "The call has no timeout.", "waived": False} | fields


def said(new=(), fixed=(), **fields):
    change = fields.pop("change", Change(Level.SILVER, Level.BRONZE, len(new), 0, len(fixed)))
    usual = {"judgement": judge(change), "change": change, "commit": COMMIT, "url": PAGE, "new": new, "fixed": fixed}
    usual |= {
        "start": "is compared with `1234567`, where it left `main`.",
        "before": (84.0, 86.9),
        "after": (82.0, 82.0),
    }
    return Said(**(usual | {"rule_url": lambda rule: f"https://plimsoll.example/rules/{rule}/"} | fields))


def without_code(markdown):
    """The text around the code, which is where a forge looks for markup."""
    return SPAN.sub(" ", markdown)


class TestText:
    def test_says_answer_reasons_and_next_step(self):
        text = comment(
            said([row()], [row(path="old.py")], fixes={"request-without-timeout": "Pass `timeout=(3, 10)`."})
        )
        assert text.startswith("**The level falls; level silver → bronze, 1 new, 1 fixed.**")
        assert "Level silver → bronze. Score 84\N{EN DASH}86 → 82. `7ac01d9` is compared with `1234567`" in text
        rule = "[request-without-timeout](https://plimsoll.example/rules/request-without-timeout/)"
        assert f"| high | {rule} | `pay/main.py:9` | The call has no timeout. |" in text
        assert f"- {rule}: Pass `timeout=(3, 10)`." in text
        assert f"Fixed: 1\n\n- {rule} at `old.py:9`" in text
        assert text.endswith(f"Fix what is new, until the level is back. [All of it, with the code]({PAGE})")

    def test_says_when_there_is_nothing(self):
        text = comment(said(change=Change(Level.SILVER, Level.SILVER)))
        assert text.startswith("**Level silver, 0 new, 0 fixed.**")
        assert "|" not in text
        assert "How to fix" not in text

    def test_counts_what_it_does_not_list(self):
        change = Change(Level.GOLD, Level.GOLD, new=700, fixed=30)
        text = comment(said([row(line=n) for n in range(500)], [row(line=n) for n in range(30)], change=change))
        assert text.count("| high |") == SHOWN
        assert f"[and 680 more]({PAGE})" in text
        assert "- 20 more" in text

    def test_says_what_is_waived_and_what_is_hidden(self):
        text = comment(said([row(waived=True)], notes=["It leaves 12.0% of the files out of scans, before 0.0%."]))
        assert "| high, waived |" in text
        assert "It leaves 12.0% of the files out of scans" in text

    def test_a_scan_that_failed_is_said_in_its_place(self):
        change = Change(Level.SILVER, Level.SILVER, unread=(0, 1))
        text = failed(judge(change), COMMIT, PAGE)
        assert text.startswith("**Plimsoll could not tell** about `7ac01d9`.")

    def test_no_score_is_a_word(self):
        assert "Score none → 82." in comment(said(before=(None, None)))


class TestMarkup:
    @given(TEXTS)
    def test_code_is_one_span_on_one_line(self, text):
        assert re.fullmatch(r"`[^`|\n\r]+`", code(text))
        assert code(text)[1:-1].isprintable()
        assert code(text)[1:-1].strip()

    @given(TEXTS)
    def test_prose_is_plain_words_and_code(self, text):
        around = without_code(prose(text, 240))
        assert PLAIN.fullmatch(around)
        assert not WORD_OF_TWO_KINDS.search(around)
        assert "`" not in around

    def test_code_keeps_its_place(self):
        assert prose("Call `a.b(c)`, not x.y (`d`).", 99) == "Call `a.b(c)`, not `x.y` (`d`)."
        assert prose("a.b`c`", 99) == "`a.b` `c`"

    @pytest.mark.parametrize("text", HOSTILE)
    def test_what_is_hostile_stands_in_a_table_as_code(self, text):
        lines = comment(said([row(path=text, message=text)])).split("\n")
        [cells] = [line for line in lines if line.startswith("| high")]
        assert cells.count("|") == 5
        around = without_code(cells)
        assert not re.search(r"@|#\d|<|!\[|evil", around)
        assert around.count("](") == 1

    @given(TEXTS, TEXTS, st.integers(0, 40))
    def test_every_line_is_one_of_ours(self, path, message, number):
        text = comment(said([row(path=path, message=message)] * number, [row(path=path)] * number))
        ours = r"\*\*.*\*\*|Level .*|\| .* \||- .*|How to fix it:|Fixed: [\d,]+|\[and .*|.*\[All of it.*|"
        assert all(re.fullmatch(ours, line) for line in text.split("\n"))
        assert without_code(text).count("@") == without_code(text).count("<") == 0

    @given(TEXTS)
    def test_errors_are_no_markup_either(self, text):
        change = Change(Level.SILVER, Level.SILVER)
        around = without_code(failed(judge(change), text, PAGE))
        assert "@" not in around
        assert "<" not in around

    def test_what_rules_say_of_fixing_mentions_nobody(self):
        around = [without_code(prose(rule.fix, 400)) for rule in registry.rules().values()]
        assert all(PLAIN.fullmatch(text) for text in around)


class TestSize:
    @given(st.text(min_size=900, max_size=2000), st.integers(0, 60))
    def test_it_is_bounded(self, text, number):
        rows = [row(path=text, message=text, line=n) for n in range(number)]
        assert len(comment(said(rows, rows, fixes={"request-without-timeout": text}))) <= LONGEST

    def test_long_addresses_leave_rows_out_before_they_break_it(self):
        text = comment(said([row()] * 20, rule_url=lambda rule: "https://" + "x" * 3000))
        assert len(text) <= LONGEST
        assert text.count("| high |") == 10
        assert "[and 10 more]" in text

    def test_the_end_of_a_long_path_is_kept(self):
        assert code("a/" * 300 + "main.py:9").endswith("/main.py:9`")
        assert len(code("a/" * 300)) <= 162
