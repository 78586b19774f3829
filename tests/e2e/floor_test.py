"""`floor` over the wire: near the rate-distortion function, framing and all, and no payload is special."""

import math
import pathlib
import tempfile
import unittest

import programs


def _floor_bits(payload_bits, error):
    entropy = -error * math.log2(error) - (1 - error) * math.log2(1 - error)
    return payload_bits * (1 - entropy)


class FloorTest(unittest.TestCase):
    # Bits on a fresh connection, all of them, over what such an error rate cannot do without.
    _MOST = {0.01: 1.010, 0.05: 1.016, 0.11: 1.023, 0.2: 1.036, 0.3: 1.058, 0.4: 1.17}

    def test_a_million_bits_take_hardly_more_than_they_must(self):
        for error, most in self._MOST.items():
            with self.subTest(error=error):
                result = programs.judged(
                    "run", "--n", 128, "--d", 192, "--algorithm", f"floor:error={error}"
                )
                self.assertEqual(1048512, result["payload_bits"])
                measured = result["bit_error_rate"]
                self.assertLess(abs(measured - error), 0.01 * error)
                least = _floor_bits(result["payload_bits"], measured)
                sent = 8 * result["alice"]["tcp_payload_bytes_sent"]
                self.assertGreater(sent, least)
                self.assertLess(sent, most * least)
                self.assertEqual("passed", result["leak_test"])

    def test_a_message_of_chosen_length_is_of_that_length(self):
        result = programs.judged("run", "--n", 32, "--d", 64, "--algorithm", "floor:bits=5000")
        self.assertEqual(5000, result["state_bits"])

    def test_payloads_of_any_kind_come_through_alike_without_a_private_mask(self):
        picture = pathlib.Path(__file__).parents[2] / "client/demo/picture.png"
        payloads = {"zeros": b"\0" * 10920, "ones": b"\xff" * 10920, "a picture": None}
        for name, data in payloads.items():
            with self.subTest(payload=name), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "payload")
                file.write_bytes(picture.read_bytes()[:10920] if data is None else data)
                result = programs.judged(
                    "run", "--n", 64, "--d", 64, "--algorithm", "floor:error=0.11",
                    "--payload", file, "--mask", "none",
                )
                # 87360 bits: four deviations of a code word's own scatter and of one's coins.
                self.assertLess(abs(result["bit_error_rate"] - 0.11), 0.0045)


if __name__ == "__main__":
    programs.main()
