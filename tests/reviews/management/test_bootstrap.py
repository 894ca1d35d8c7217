import io
import re

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def bootstrap() -> str:
    out = io.StringIO()
    call_command("bootstrap", stdout=out)
    return out.getvalue()


def test_the_first_start_makes_a_site_admin_whose_password_is_shown(django_user_model):
    (password,) = re.findall(r"^Sign in as admin, password: (\S{16})\n$", bootstrap())
    admin = django_user_model.objects.get()
    assert (admin.username, admin.is_superuser, admin.is_staff) == ("admin", True, True)
    assert admin.check_password(password)


def test_a_second_start_changes_nothing(django_user_model):
    bootstrap()
    before = django_user_model.objects.values().get()
    assert bootstrap() == ""
    assert django_user_model.objects.values().get() == before


def test_an_admin_under_another_name_is_enough(admin, django_user_model):
    admin.username = "ada"
    admin.save()
    assert bootstrap() == ""
