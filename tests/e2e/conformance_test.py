"""`kvwire conformance`: the built-in host passes all of it, and what the command prints."""

import json
import pathlib
import re
import tempfile
import unittest

import plug_ins
import programs

# What no option can make an algorithm say.
_ALWAYS = 25


def _listed():
    """The algorithms that `kvwire list` names."""
    algorithms = programs.kvwire("list").stdout.partition("\nOptions of all")[0]
    return re.findall(r"^([a-z0-9][a-z0-9_-]*) ", algorithms, re.MULTILINE)


class BuiltInHostTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with programs.Service("kvwire-algorithm") as one, programs.Service(
            "kvwire-algorithm"
        ) as other:
            cls.report = plug_ins.conformance(one, other)

    def test_every_listed_algorithm_passes(self):
        faults = {
            (table["title"], case["case"])
            for table in self.report["tables"]
            for case in table["cases"]
            if case["outcome"] == "FAIL"
        }
        self.assertEqual(set(), faults)
        titles = [table["title"] for table in self.report["tables"]]
        self.assertEqual(["server", *_listed()], titles)
        self.assertEqual(0, self.report["skipped"])

    def test_each_passes_at_least_25_cases_and_has_the_same_ones(self):
        names = None
        for table in self.report["tables"][1:]:
            with self.subTest(algorithm=table["title"]):
                outcomes = [case["outcome"] for case in table["cases"]]
                self.assertGreaterEqual(outcomes.count("pass"), _ALWAYS)
                names = names or [case["case"] for case in table["cases"]]
                self.assertEqual(names, [case["case"] for case in table["cases"]])
        self.assertEqual(len(names), len(set(names)))

    def test_what_does_not_apply_says_why_and_is_no_pass(self):
        for table in self.report["tables"]:
            for case in table["cases"]:
                self.assertIn(case["outcome"], ("pass", "n/a"))
                self.assertEqual(case["outcome"] != "pass", case["detail"] != "")
                self.assertNotEqual("", case["rule"])

    def test_the_counts_are_those_of_the_cases(self):
        outcomes = [c["outcome"] for t in self.report["tables"] for c in t["cases"]]
        self.assertEqual(self.report["passed"], outcomes.count("pass"))
        self.assertEqual(self.report["not_applicable"], outcomes.count("n/a"))


class CommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = programs.Service("kvwire-algorithm")
        cls.addClassCleanup(cls.server.__exit__)
        cls.to_server = ("conformance", "--algorithm-endpoint", cls.server.listening)

    def test_it_prints_a_line_a_case_and_a_summary(self):
        outcome = programs.kvwire(*self.to_server, "--algorithm", "float16")
        self.assertEqual(0, outcome.code, outcome)
        self.assertRegex(outcome.stdout, r"(?m)^server\n  describe-complete +pass  Describe ")
        self.assertRegex(outcome.stdout, r"(?m)^float16 \(d = 8, standard normal tokens\)\n")
        self.assertRegex(outcome.stdout, r"(?m)^  another-process-takes-over +n/a   there is no")
        self.assertRegex(
            outcome.stdout, r"\d+ passed, 0 failed, 0 skipped, [1-9]\d* not applicable\n$"
        )

    def test_options_are_tested_as_they_are_named(self):
        report = programs.judged(
            *self.to_server, "--algorithm", "streaming:sinks=2,window=9", "--algorithm", "exact"
        )
        titles = [table["title"] for table in report["tables"]]
        self.assertEqual(["server", "streaming:sinks=2,window=9", "exact"], titles)

    def test_json_goes_to_a_file_beside_the_tables(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.json"
            outcome = programs.kvwire(*self.to_server, "--algorithm", "exact", "--json", path)
            report = json.loads(path.read_text(encoding="utf-8"))
        self.assertEqual(0, outcome.code, outcome)
        self.assertIn("describe-complete", outcome.stdout)
        self.assertEqual(self.server.listening, report["endpoint"])

    def test_an_algorithm_that_takes_no_tokens_fails_in_one_line(self):
        # Options that Open refuses.
        outcome = programs.kvwire(*self.to_server, "--algorithm", "streaming:sinks=x")
        self.assertEqual(3, outcome.code, outcome)
        self.assertRegex(outcome.stdout, r"(?m)^  takes-tokens +FAIL .*expected to be taken, got")
        self.assertRegex(outcome.stdout, r"(?m)^  and \d\d more cases skip$")

    def test_an_algorithm_that_is_not_described_is_bad_usage(self):
        outcome = programs.kvwire(*self.to_server, "--algorithm", "nonesuch:bits=2+zstd")
        self.assertEqual(2, outcome.code, outcome)
        self.assertIn("'nonesuch'", outcome.stderr)
        self.assertIn("float16", outcome.stderr)

    def test_a_snapshot_must_be_restored_in_another_process(self):
        outcome = programs.kvwire(*self.to_server, "--restore-endpoint", self.server.listening)
        self.assertEqual(2, outcome.code, outcome)
        self.assertIn("same process", outcome.stderr)

    def test_a_server_that_cannot_be_reached_is_78(self):
        with programs.Service("kvwire-algorithm") as gone:
            address = gone.listening
        for arguments in (
            ("--algorithm-endpoint", address),
            ("--algorithm-endpoint", self.server.listening, "--restore-endpoint", address),
        ):
            with self.subTest(arguments=arguments):
                result = programs.judged("conformance", *arguments, expected_code=78)
                self.assertEqual("UNAVAILABLE", result["error"]["code"])

    def test_a_server_of_another_protocol_version_is_not_tested(self):
        with programs.Service(
            "lying_algorithm", "--honest", self.server.listening, "--protocol-version", 7
        ) as other:
            result = programs.judged(
                "conformance", "--algorithm-endpoint", other.listening, expected_code=73
            )
        self.assertIn("version 7", result["error"]["message"])
        self.assertIn("version 1", result["error"]["message"])

    def test_a_service_that_is_no_algorithm_server_is_unimplemented(self):
        with programs.Service(
            "kvwire-alice", "--algorithm-endpoint", self.server.listening
        ) as alice:
            result = programs.judged(
                "conformance", "--algorithm-endpoint", alice.listening, expected_code=76
            )
        self.assertEqual("UNIMPLEMENTED", result["error"]["code"])

    def test_bad_values_are_refused(self):
        for arguments in ((), ("--algorithm-endpoint", "here"), ("--nonesuch",)):
            with self.subTest(arguments=arguments):
                self.assertEqual(2, programs.kvwire("conformance", *arguments).code)


if __name__ == "__main__":
    programs.main()
