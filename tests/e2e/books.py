"""The books of a run, done again from its JSON by the formulas alone."""

import math

_LAYERS = ("snapshot_bytes", "message_bytes", "grpc_bytes", "tcp_payload_bytes_sent")
_COUNTS = (*_LAYERS, "messages", "tcp_payload_bytes_received", "retransmitted_bytes")


def binary_entropy(p):
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)


def _ball_bits(length, radius):
    """log2 of the number of words within `radius` of a word, by exact integers."""
    term = total = 1
    for k in range(1, radius + 1):
        term = term * (length - k + 1) // k
        total += term
    return math.log2(total)


def _check_ends(test, result):
    alice, bob = result["alice"], result["bob"]
    for end in (alice, bob):
        for key in _COUNTS:
            test.assertIs(type(end[key]), int, key)
        test.assertEqual(end["grpc_bytes"], end["message_bytes"] + 5 * end["messages"])
        test.assertIn("ip_bytes", end)
    test.assertEqual(alice["snapshot_bytes"], bob["snapshot_bytes"])
    # Of what was sent over a connection that broke not all need have arrived.
    broke = any(row["ended"] != "clean" for row in result["connections"])
    agree = test.assertGreaterEqual if broke else test.assertEqual
    for key in ("messages", "message_bytes", "grpc_bytes"):
        agree(alice[key], bob[key], key)
    agree(alice["tcp_payload_bytes_sent"], bob["tcp_payload_bytes_received"])
    layers = _LAYERS[:-1] if broke else _LAYERS  # nor need all have been sent
    test.assertEqual(sorted(alice[k] for k in layers), [alice[k] for k in layers])


def _check_row(test, row):
    if row["ended"] != "clean":
        if row["alice"] and row["bob"]:
            test.assertGreaterEqual(row["alice"]["sent"], row["bob"]["received"])
        return
    test.assertTrue(row["final"])
    unread = row["reverse_unread_bytes"]
    test.assertEqual(unread, row["bob"]["sent"] - row["alice"]["received"])
    test.assertTrue(0 <= unread <= 128, unread)
    test.assertEqual(row["alice"]["sent"], row["bob"]["received"])


def _check_connections(test, result):
    for row in result["connections"]:
        _check_row(test, row)
    keys = (("sent", "tcp_payload_bytes_sent"), ("received", "tcp_payload_bytes_received"),
            ("retransmitted", "retransmitted_bytes"))
    for end in ("alice", "bob"):
        counts = [row[end] for row in result["connections"]]
        if None in counts:  # died with the process
            continue
        for key, total in keys:
            test.assertEqual(sum(count[key] for count in counts), result[end][total])


def _check_floor(test, result):
    bits, errors = result["payload_bits"], result["bit_errors"]
    floor = bits * (1 - binary_entropy(errors / bits))
    # The two ceilings differ only where the floor is a whole number.
    test.assertIn(result["floor_bits"], {math.ceil(floor - 1e-6), math.ceil(floor + 1e-6)})
    test.assertAlmostEqual(errors / bits, result["bit_error_rate"], places=12)
    wire_bits = 8 * result["alice"]["tcp_payload_bytes_sent"]
    test.assertAlmostEqual(result["floor_bits"] / wire_bits, result["efficiency"], places=9)


def _check_leak(test, result):
    bits, errors = result["payload_bits"], result["bit_errors"]
    if result["parameters"]["mask"] == "none":
        test.assertEqual("not applicable", result["leak_test"])
        test.assertIsNone(result["leak_bits"])
        test.assertIsNone(result["soft_leak_bits"])
        return
    known = bits - _ball_bits(bits, min(errors, bits - errors))
    leak = known - 8 * result["alice"]["message_bytes"] - 2
    test.assertAlmostEqual(leak, result["leak_bits"], delta=1e-3)
    state_leak = known - result["state_bits"] - 2
    test.assertAlmostEqual(state_leak, result["state_leak_bits"], delta=1e-3)
    least = min(8 * result["alice"]["message_bytes"], result["state_bits"])
    soft_leak = result["soft_floor_bits"] - least - 1
    test.assertAlmostEqual(soft_leak, result["soft_leak_bits"], delta=1e-3)
    worst = max(leak, state_leak, soft_leak)
    test.assertEqual("passed" if worst < 40 else "failed", result["leak_test"])


def _check_shape(test, parameters):
    if parameters["problem"] in ("var", "multi-index"):
        *alices, bobs = parameters["scales"]
        tokens, queries = sum(side * side for side in alices), bobs * bobs
        shape = {"n": bobs, "queries": queries, "replays": math.ceil(tokens / queries)}
    else:
        n = parameters["n"]
        tokens = n * n if parameters["problem"] == "tensor2" else n
        shape = {"scales": [], "queries": 1, "replays": 1}
    shape["tokens"] = tokens
    test.assertEqual(shape, {key: parameters[key] for key in shape})


def check(test, result):
    """Fails `test` unless every figure of `result` follows from those below it."""
    parameters = result["parameters"]
    _check_shape(test, parameters)
    test.assertEqual(parameters["tokens"] * parameters["d"], result["payload_bits"])
    test.assertEqual(result["alice"]["snapshot_bytes"], result["snapshot_bytes"])
    overhead = 8 * result["snapshot_bytes"] - result["state_bits"]
    test.assertTrue(0 <= overhead <= 8 * (64 + 16), overhead)
    _check_ends(test, result)
    _check_connections(test, result)
    _check_floor(test, result)
    _check_leak(test, result)
