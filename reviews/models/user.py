from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who signs in. `is_superuser` is the site admin, who sees every team."""
