"""Exits with 0 if a gRPC server answers where KVWIRE_HEALTH_ENDPOINT says."""

import os

import grpc

with grpc.insecure_channel(os.environ["KVWIRE_HEALTH_ENDPOINT"]) as channel:
    grpc.channel_ready_future(channel).result(timeout=3)
