"""The way from a coroutine to what blocks: each step with its place, over files, and cut where work is handed over."""

from textwrap import dedent

from scanners.finding import Finding
from scanners.scan import scan_files

RULE = "blocking-call-behind-async"
NET = """
    import requests

    client = requests.Session()


    class Rates:
        def load(self):
            return client.get("https://rates.io", timeout=5)


    def pages(url):
        while url:
            url = requests.get(url, timeout=5).json()["next"]
            yield url
    """


def found(api: str, net: str = NET, **others: str) -> list[Finding]:
    files = {"api": api, "net": net, **others}
    report = scan_files({f"shop/{name}.py": dedent(text).lstrip().encode() for name, text in files.items()})
    return [finding for finding in report.findings if finding.rule == RULE]


SHOW = """
    from shop.net import Rates


    async def show(request, rates: Rates):
        return rates.load()
    """


def test_each_step_is_shown_with_the_line_of_its_call() -> None:
    service = """
        from shop.net import Rates


        class Service:
            def __init__(self, rates: Rates):
                self.rates = rates

            def current(self):
                return self.rates.load()
        """
    api = """
        from shop.service import Service


        async def show(request, service: Service):
            return service.current()
        """
    [one] = found(api, service=service)
    assert one.message == (
        "The event loop stands still while `requests.Session.get` runs: show -> Service.current (shop/service.py:9) -> "
        "Rates.load (shop/net.py:8) -> requests.Session.get."
    )


def test_the_anchor_outlives_moved_lines() -> None:
    [before] = found(SHOW)
    [after] = found(SHOW, net=f"import os\n\n{dedent(NET)}")
    assert (before.anchor, before.line) == (after.anchor, after.line)
    assert "shop/net.py:11" in after.message


def test_a_client_of_another_file_blocks_where_it_is_called() -> None:
    api = """
        from shop.net import client


        async def show(request):
            return client.post("https://rates.io", timeout=5)
        """
    assert [(one.path, one.line) for one in found(api)] == [("shop/api.py", 5)]


def test_what_a_class_overrides_is_not_that_of_its_base() -> None:
    api = """
        from shop.net import Rates


        class Fixed(Rates):
            def load(self):
                return {}

            async def show(self):
                return self.load()
        """
    assert found(api) == []


def test_a_session_of_a_factory_in_another_file_blocks() -> None:
    db = """
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker

        SessionLocal = sessionmaker(create_engine("postgresql://db/shop"))
        """
    api = """
        from shop.db import SessionLocal


        async def show(request):
            with SessionLocal() as session:
                return session.execute("select 1")
        """
    assert [one.line for one in found(api, db=db)] == [6]


def test_a_generator_counts_where_it_is_run_through() -> None:
    api = """
        from shop.net import pages


        async def made(request):
            return pages(request.url)


        async def listed(request):
            return [page for page in pages(request.url)]
        """
    assert [one.line for one in found(api)] == [9]
