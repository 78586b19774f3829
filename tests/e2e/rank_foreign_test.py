"""`kvwire rank` with servers that are not kvwire's: compared, and caught where they lie."""

import contextlib
import unittest

import programs
from rank_tables import mean, row_of, rows_of, tables


class RankForeignTest(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.stack = stack
        self.honest = [
            stack.enter_context(programs.Service("kvwire-algorithm")).listening for _ in range(2)
        ]

    def plug_in(self, *lies):
        service = programs.Service("lying_algorithm", "--honest", self.honest[0], *lies)
        return self.stack.enter_context(service).listening

    def rank(self, endpoint, *arguments, expected_code=0):
        return tables("rank", "--quick", "--workload", "flat", "--workload", "random",
                      "--algorithm", "float16", "--algorithm-endpoint", endpoint, *arguments,
                      expected_code=expected_code)

    def test_a_foreign_server_is_compared_with_our_own(self):
        endpoint = ",".join(self.honest)
        for table in self.rank(endpoint).values():
            own, foreign = row_of(table, "float16"), rows_of(table)[("float16", endpoint)]
            self.assertEqual("foreign", foreign["kind"])
            self.assertTrue(foreign["verdict"]["ok"])
            for statistic in ("state_bits", "header_bits"):
                self.assertEqual(mean(own, statistic), mean(foreign, statistic))

    def test_one_process_at_both_ends_fails_unless_it_is_allowed(self):
        endpoint = self.honest[0]
        for table in self.rank(endpoint, expected_code=3).values():
            verdict = rows_of(table)[("float16", endpoint)]["verdict"]
            self.assertFalse(verdict["ok"])
            self.assertIn("--allow-shared-algorithm", verdict["reasons"][0])
            self.assertTrue(row_of(table, "float16")["verdict"]["ok"])
        self.rank(endpoint, "--allow-shared-algorithm")

    def test_one_that_reports_1_percent_of_its_state_is_caught(self):
        endpoint = f"{self.plug_in('--claim-percent', 1)},{self.honest[1]}"
        for table in self.rank(endpoint, expected_code=3).values():
            verdict = rows_of(table)[("float16", endpoint)]["verdict"]
            self.assertIn("sent a snapshot of", " ".join(verdict["reasons"]))

    def test_a_snapshot_that_does_not_arrive_is_a_failure_of_its_row_alone(self):
        endpoint = f"{self.plug_in('--alter')},{self.honest[1]}"
        for table in self.rank(endpoint, expected_code=3).values():
            row = rows_of(table)[("float16", endpoint)]
            self.assertEqual("failed", row["outcome"])
            self.assertEqual({}, row["statistics"])
            self.assertEqual("measured", row_of(table, "float16")["outcome"])

    def test_all_of_a_foreign_servers_algorithms_run_if_none_is_named(self):
        endpoint = ",".join(self.honest)
        found = tables("rank", "--quick", "--workload", "needle", "--algorithm-endpoint", endpoint)
        foreign = {name for name, server in rows_of(found["needle"]) if server == endpoint}
        self.assertLessEqual({"exact", "float16", "streaming", "bitplane"}, foreign)


if __name__ == "__main__":
    programs.main()
