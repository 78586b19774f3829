"""The example server in Node: it keeps the contract, and the reduction runs with it."""

import unittest

import books
import plug_ins
import programs


class NodePlugInTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = [plug_ins.node_server() for _ in range(2)]
        for server in cls.servers:
            cls.addClassCleanup(server.__exit__)

    def test_it_passes_every_case_that_applies(self):
        report = plug_ins.conformance(*self.servers)
        self.assertEqual([], report["verdict"]["reasons"])
        self.assertEqual(["server", "upper"], [table["title"] for table in report["tables"]])
        self.assertEqual(
            {
                "missing-frame-refused",
                "foreign-key-refused",
                "tensor-attention",
                "other-algorithm-refused",
            },
            plug_ins.cases(report, "n/a"),
        )

    def test_so_it_does_where_its_window_evicts(self):
        report = plug_ins.conformance(*self.servers, "--algorithm", "upper:window=20")
        self.assertEqual([], report["verdict"]["reasons"])
        self.assertIn("open-scale-visible", plug_ins.cases(report, "pass"))

    def run_with_it(self, algorithm):
        alice, bob = self.servers
        return programs.judged(
            "run", "--n", 16, "--d", 64, "--algorithm", algorithm,
            "--alice-algorithm", alice.listening, "--bob-algorithm", bob.listening,
        )

    def test_the_reduction_runs_with_it_without_an_error(self):
        result = self.run_with_it("upper")
        self.assertTrue(result["verdict"]["ok"])
        self.assertEqual(0, result["bit_errors"])
        self.assertEqual(85 * 2 * 64 * 16, result["state_bits"])
        books.check(self, result)

    def test_what_its_window_evicts_cannot_be_read(self):
        result = self.run_with_it("upper:window=40")
        self.assertTrue(result["verdict"]["ok"])
        self.assertEqual(40 * 2 * 64 * 16, result["state_bits"])
        # 45 of 85 rows are gone: half of their 2880 bits are wrong, 6 standard deviations apart.
        self.assertGreater(result["bit_errors"], 1279)
        self.assertLess(result["bit_errors"], 1601)


if __name__ == "__main__":
    programs.main()
