# Shapes what leaves a network interface; runs in the network namespace of another container.
# From the root of the repository: docker build -f docker/slow-link.Dockerfile -t kvwire-slow-link .

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends iproute2 \
    && rm -rf /var/lib/apt/lists/*
COPY docker/slow_link.sh /usr/local/bin/slow-link
HEALTHCHECK --interval=1s --timeout=5s --retries=30 CMD ["slow-link", "check"]
