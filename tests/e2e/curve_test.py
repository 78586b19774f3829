"""`kvwire curve`: compressors beside the rate-distortion curve, and who lies below it."""

import contextlib
import csv
import io
import math
import unittest

import programs

# L = 341 rows of 64 bits.
_SMALL = ("curve", "--n", 32, "--d", 64)
_PAYLOAD = 341 * 64


def entropy(p):
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)


def curve(*arguments, expected_code=0):
    """The lines of the CSV but those of the curve itself, as dictionaries."""
    outcome = programs.kvwire(*_SMALL, *arguments, "--csv", "-")
    if outcome.code != expected_code:
        raise AssertionError(outcome)
    return [line for line in csv.DictReader(io.StringIO(outcome.stdout))
            if line["series"] != "curve"]


@contextlib.contextmanager
def plug_in(*lies):
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(programs.Service("kvwire-algorithm"))
        yield stack.enter_context(
            programs.Service("lying_algorithm", "--honest", honest.listening, *lies)
        ).listening


class CurveTest(unittest.TestCase):
    def test_floor_lies_closely_above_the_curve_and_all_others_further(self):
        errors = (0.01, 0.05, 0.11, 0.2, 0.3, 0.4)
        specs = [f"floor:error={p}" for p in errors]
        specs += ["bitplane", "q4_0", "turboquant:bits=1", "uniform:budget={n/4}", "subgen4"]
        lines = curve(*[word for spec in specs for word in ("--algorithm", spec)])
        # Baselines come along.
        self.assertEqual(len(specs) + 2, len(lines))
        for line in lines:
            with self.subTest(algorithm=line["algorithm"]):
                self.assertEqual("ok", line["verdict"], line["reason"])
                p, m = float(line["error_rate"]), float(line["payload_bits"])
                tensor = line["algorithm"] == "subgen4"
                self.assertEqual("tensor4" if tensor else "var", line["problem"])
                self.assertEqual(32 * 64 if tensor else _PAYLOAD, m)
                self.assertAlmostEqual(1 - entropy(p), float(line["curve"]), 8)
                bits = [float(line[layer]) for layer in ("state", "snapshot", "wire")]
                self.assertEqual(sorted(bits), bits)
                self.assertGreater(bits[1], float(line["curve"]))
        floors = [line for line in lines if line["series"] == "floor"]
        self.assertEqual(len(errors), len(floors))
        for wanted, line in zip(errors, floors):
            p, least = float(line["error_rate"]), float(line["curve"])
            self.assertLess(abs(p - wanted), 0.05 * wanted + 0.002)
            # Of 21824 bits, a few percent more than of infinitely many; of the 620 at 0.4, 10.
            self.assertLess(least, float(line["state"]))
            self.assertLess(float(line["state"]), 1.12 * least)
        for line in lines:
            if line["algorithm"].startswith(("turboquant", "uniform")):
                self.assertGreater(float(line["state"]), 3 * float(line["curve"]))

    def test_the_table_ends_with_the_verdict(self):
        outcome = programs.kvwire(*_SMALL, "--algorithm", "bitplane")
        self.assertEqual(0, outcome.code, outcome)
        self.assertRegex(outcome.stdout, r"(?m)^  bitplane +0.00000  1.00000    1.00000 .* ok$")
        self.assertIn("3 points, nothing lies below the curve\n", outcome.stdout)

    def test_who_passes_the_state_beside_the_message_is_below(self):
        with plug_in("--smuggle") as address:
            lines = curve("--algorithm", "bitplane", "--algorithm-endpoint", address,
                          expected_code=3)
        liar = [line for line in lines if line["series"] == "foreign"]
        self.assertEqual(["failed"], [line["verdict"] for line in liar])
        self.assertLess(float(liar[0]["snapshot"]), float(liar[0]["curve"]))
        self.assertIn("below the curve: 512 bits", liar[0]["reason"])
        self.assertEqual({"ok"}, {line["verdict"] for line in lines if line not in liar})

    def test_who_claims_1_percent_is_below(self):
        with plug_in("--claim-percent", 1) as one, plug_in("--claim-percent", 1) as other:
            lines = curve("--algorithm", "floor:error=0.11", "--algorithm-endpoint",
                          f"{one},{other}", expected_code=3)
        liar = [line for line in lines if line["server"] != "built-in"]
        self.assertEqual(["failed"], [line["verdict"] for line in liar])
        self.assertIn("below the curve", liar[0]["reason"])

    def test_bad_arguments_are_refused(self):
        for arguments in (("--seeds", 1), ("--algorithm", "nobody"), ("--n", 0),
                          ("--csv", "/no/such/folder/x.csv")):
            with self.subTest(arguments=arguments):
                self.assertEqual(2, programs.kvwire("curve", *arguments).code)


if __name__ == "__main__":
    programs.main()
