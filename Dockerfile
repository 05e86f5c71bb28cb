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

# The dependencies change less often than the project. What is needed stands in pyproject.toml, in which version and
# with which hash in the lock, whose tools for development stay out.
COPY --chown=rtm:rtm requirements.lock pyproject.toml ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir uv==0.13.9 \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python --require-hashes --all-extras \
        --requirement pyproject.toml --constraint requirements.lock \
    && .venv/bin/pip uninstall --yes uv

COPY --chown=rtm:rtm . .
RUN .venv/bin/pip install --no-cache-dir --no-deps --editable .

# Published copies say which commit made them: docker compose build --build-arg RTM_COMMIT=$(git rev-parse HEAD)
ARG RTM_COMMIT=""
ENV RTM_COMMIT=$RTM_COMMIT

VOLUME /data
CMD ["rtm", "doctor"]
