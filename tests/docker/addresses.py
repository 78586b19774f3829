"""Where docker/compose.yaml lets the services listen."""

import os

_SUBNET = os.environ.get("KVWIRE_SUBNET", "172.30")
ALICE = (f"{_SUBNET}.71.2", 7001)
BOB = (f"{_SUBNET}.72.2", 7002)
CHANNEL = (f"{_SUBNET}.73.2", 7003)
ALICE_ALGORITHM = (f"{_SUBNET}.74.3", 7004)
BOB_ALGORITHM = (f"{_SUBNET}.75.3", 7004)


def endpoint(address):
    host, port = address
    return f"{host}:{port}"


# What the driver passes to each command.
SERVICES = (
    "--alice", endpoint(ALICE), "--bob", endpoint(BOB), "--channel", endpoint(CHANNEL),
)
