import pytest
from packaging.markers import default_environment

from scanners.dependencies.ranges import installable

HERE = default_environment()


@pytest.mark.parametrize("name", ["platform_release", "platform_version"])
def test_the_machine_that_scans_answers_no_marker(name) -> None:
    assert not installable([f"{name} == '{HERE[name]}'"])
    assert installable([f"{name} != '{HERE[name]}'"])


def test_a_marker_is_asked_of_a_server_with_some_python_of_today() -> None:
    assert installable(["implementation_version >= '3.15'"])
    assert installable(["platform_release >= '4'"])
    assert not installable(["implementation_version < '3.9'"])
    assert not installable(["sys_platform == 'win32'", "platform_machine == 'armv7l'"])
