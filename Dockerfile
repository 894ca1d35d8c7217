# An operator pins the digest of a registry of his own: --build-arg PYTHON_IMAGE=registry/python@sha256:...
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm
# plimsoll: ignore[image-tag-moving] the build argument above names the digest
FROM ${PYTHON_IMAGE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --locked --no-dev --no-install-project
COPY . .
RUN uv sync --locked --no-dev \
    && .venv/bin/python -m compileall -q config reviews scanners \
    && PLIMSOLL_DATA=/tmp/data .venv/bin/python manage.py collectstatic --no-input --verbosity 0

# plimsoll: ignore[image-tag-moving] the build argument above names the digest
FROM ${PYTHON_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin plimsoll \
    && install --directory --owner=plimsoll --group=plimsoll --mode=700 /data
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PLIMSOLL_BIND=0.0.0.0 \
    PLIMSOLL_DATA=/data \
    PLIMSOLL_LOG_FORMAT=json
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi:application"]
