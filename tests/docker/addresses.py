"""Where docker/compose.yaml lets the services listen."""

ALICE = ("172.30.71.2", 7001)
BOB = ("172.30.72.2", 7002)
CHANNEL = ("172.30.73.2", 7003)
ALICE_ALGORITHM = ("172.30.74.3", 7004)
BOB_ALGORITHM = ("172.30.75.3", 7004)


def endpoint(address):
    host, port = address
    return f"{host}:{port}"


# What the driver passes to each command.
SERVICES = (
    "--alice", endpoint(ALICE), "--bob", endpoint(BOB), "--channel", endpoint(CHANNEL),
)
