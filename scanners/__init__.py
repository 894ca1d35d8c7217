"""Rules, the engine that runs them, and reading git. Plain Python: no Django, no Celery."""
