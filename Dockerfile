# Pipeline, dashboard and documentation from one image; docker-compose.yml says which of them a container is.
FROM python:3.11.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RTM_HOME=/data \
    PATH=/app/.venv/bin:$PATH

RUN useradd --create-home --uid 10001 rtm \
    && mkdir /app /data \
    && chown rtm:rtm /app /data
USER 10001
WORKDIR /app

# The dependencies change less often than the project.
COPY --chown=rtm:rtm requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY --chown=rtm:rtm . .
RUN .venv/bin/pip install --no-cache-dir --no-deps --editable .

VOLUME /data
CMD ["rtm", "doctor"]
