# Prometheus, set up to read the metrics of the services in compose.yaml.
# From the root of the repository: docker build -f docker/prometheus.Dockerfile -t kvwire-prometheus .

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends prometheus \
    && rm -rf /var/lib/apt/lists/*
COPY docker/metrics/prometheus.yml /etc/prometheus/prometheus.yml
RUN promtool check config /etc/prometheus/prometheus.yml
USER 10001:10001

HEALTHCHECK --interval=1s --timeout=5s --retries=30 \
    CMD ["promtool", "query", "instant", "http://127.0.0.1:9090", "up"]
CMD ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", \
     "--storage.tsdb.path=/prometheus", "--web.listen-address=0.0.0.0:9090"]
