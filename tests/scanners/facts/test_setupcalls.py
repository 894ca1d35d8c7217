"""What a setup.py tells of requirements without being run."""

from scanners.scan import scan_files


def facts(source: str) -> tuple[dict[str, str], dict]:
    """Groups by name, and the fact of the manifest."""
    found = scan_files({"setup.py": source.encode()}).facts
    (manifest,) = found["manifest"]
    return {fact["name"]: fact["group"] for fact in found.get("requirement", ())}, manifest


def test_lists_that_are_written_out_or_named_or_added_are_read() -> None:
    groups, manifest = facts(
        "from setuptools import setup\n\nBASE = ['redis>=5', 'httpx']\n"
        "EXTRAS = {'pdf': ['reportlab'], 'tests': ['pytest']}\n"
        "setup(name='shop', python_requires='>=3.12', install_requires=BASE + ['celery'], extras_require=EXTRAS,\n"
        "      tests_require=['mock'])\n"
    )
    assert groups == {"redis": "", "httpx": "", "celery": "", "reportlab": "pdf", "pytest": "dev", "mock": "dev"}
    assert (manifest["name"], manifest["python"], manifest["dynamic"]) == ("shop", ">=3.12", False)


def test_a_file_that_requirements_are_read_from_is_named_and_the_rest_left_open() -> None:
    groups, manifest = facts(
        "from setuptools import setup\nsetup(install_requires=open('requirements/run.txt').read().split())\n"
    )
    assert (groups, manifest["dynamic"], manifest["includes"]) == ({}, True, [["requirements/run.txt", ""]])


def test_what_a_function_decides_is_open() -> None:
    _, manifest = facts("from setuptools import setup\nsetup(install_requires=wanted(), **more)\n")
    assert (manifest["dynamic"], manifest["includes"]) == (True, [])


def test_a_file_of_requirements_may_have_a_short_name() -> None:
    _, manifest = facts("from setuptools import setup\nsetup(install_requires=open('reqs/run.txt').read().split())\n")
    assert manifest["includes"] == [["reqs/run.txt", ""]]
