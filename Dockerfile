# Advisor's web form. See docs/deploy.md.
#   docker build -t advisor . && docker run -p 8501:8501 -v advisor:/data advisor
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps -w /wheels .

FROM python:3.11-slim
# The measuring part (torch) is left out: a container is no place to measure a machine from.
COPY constraints.txt /tmp/constraints.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir -c /tmp/constraints.txt "$(ls /wheels/*.whl)[web,postgres]" \
    && rm -r /wheels /tmp/constraints.txt \
    && useradd --create-home --uid 10001 advisor \
    && install -d -o advisor -g advisor -m 700 /data
USER advisor
ENV ADVISOR_HOME=/data PYTHONDONTWRITEBYTECODE=1 ADVISOR_ALLOWED_HOSTS=localhost,127.0.0.1
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
CMD ["advisor", "web", "--address", "0.0.0.0", "--port", "8501"]
