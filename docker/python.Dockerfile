# The Python plug-in of tests/plugins as an image.
# From the root of the repository: docker build -f docker/python.Dockerfile -t kvwire-python .

FROM debian:bookworm-slim AS contract
RUN apt-get update \
    && apt-get install -y --no-install-recommends protobuf-compiler protobuf-compiler-grpc
COPY proto /proto
RUN mkdir /modules \
    && protoc -I /proto --python_out=/modules --grpc_out=/modules \
        --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin \
        /proto/kvwire/v1/algorithm.proto /proto/kvwire/v1/parameters.proto

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-grpcio python3-numpy python3-protobuf \
    && rm -rf /var/lib/apt/lists/*
COPY --from=contract /modules /plug-in
COPY tests/plugins/python/server.py docker/python_health.py /plug-in/
ENV PYTHONPATH=/plug-in PYTHONDONTWRITEBYTECODE=1
USER 10001:10001

ENV KVWIRE_HEALTH_ENDPOINT=127.0.0.1:7004
HEALTHCHECK --interval=5s --timeout=5s --retries=15 CMD ["python3", "/plug-in/python_health.py"]

CMD ["python3", "/plug-in/server.py", "127.0.0.1:7004"]
