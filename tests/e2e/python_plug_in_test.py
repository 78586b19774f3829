"""The example server in Python: it keeps the contract, and the reduction runs with it."""

import unittest

import books
import plug_ins
import programs


class PythonPlugInTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = [plug_ins.python_server() for _ in range(2)]
        for server in cls.servers:
            cls.addClassCleanup(server.__exit__)

    def test_it_passes_every_case_that_applies(self):
        report = plug_ins.conformance(*self.servers)
        self.assertEqual([], report["verdict"]["reasons"])
        self.assertEqual(["server", "int8"], [table["title"] for table in report["tables"]])
        self.assertEqual(
            {
                "nonsense-value-refused",
                "defaults-change-nothing",
                "missing-frame-refused",
                "foreign-key-refused",
                "tensor-attention",
                "other-algorithm-refused",
                "other-options-refused",
            },
            plug_ins.cases(report, "n/a"),
        )

    def test_the_reduction_runs_with_it_without_an_error(self):
        alice, bob = self.servers
        result = programs.judged(
            "run", "--n", 16, "--d", 64, "--algorithm", "int8",
            "--alice-algorithm", alice.listening, "--bob-algorithm", bob.listening,
        )
        self.assertTrue(result["verdict"]["ok"])
        self.assertEqual(0, result["bit_errors"])
        # 85 tokens of 2 x 64 bytes and two scales; 24 bytes of header, 4 of checksum.
        self.assertEqual(85 * 8 * (128 + 8), result["state_bits"])
        self.assertEqual(85 * (128 + 8) + 28, result["snapshot_bytes"])
        books.check(self, result)


if __name__ == "__main__":
    programs.main()
