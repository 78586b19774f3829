"""Prometheus reads all services, and the dashboard asks it for nothing that is not there."""

import json
import pathlib
import time
import unittest
import urllib.parse

import addresses
import images
import project

_SERVICES = ("alice", "alice-algorithm", "bob", "bob-algorithm")
_DASHBOARD = images.ROOT / "docker/metrics/dashboard.json"
# Of these there may be nothing to show.
_EMPTY_IF_ALL_IS_WELL = 'code!="OK"'


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = project.standing()
        cls.demo.start("prometheus")
        outcome = cls.demo.drive("kvwire", "run", *addresses.SERVICES, "--n", "16", "--d", "64")
        if outcome.returncode != 0:
            raise AssertionError(outcome)

    def ask(self, expression):
        """Prometheus' answer: [({label: value}, number)]."""
        query = urllib.parse.quote(expression)
        url = f"http://127.0.0.1:9090/api/v1/query?query={query}"
        answer = self.demo.look("prometheus", "wget", "-q", "-O", "-", url)
        self.assertEqual(0, answer.returncode, answer)
        answer = json.loads(answer.stdout)
        self.assertEqual("success", answer["status"])
        return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]

    def ask_until(self, expression, satisfied):
        """The first answer that satisfies: Prometheus reads every few seconds."""
        deadline = time.monotonic() + 120
        while True:
            answer = self.ask(expression)
            if satisfied(answer):
                return answer
            self.assertLess(time.monotonic(), deadline, f"{expression}: {answer}")
            time.sleep(0.5)

    def test_all_services_are_read(self):
        expected = {f"{service}:9464" for service in _SERVICES}
        self.ask_until(
            "up == 1", lambda answer: {labels["instance"] for labels, _ in answer} == expected
        )

    def test_one_run_is_one_message_at_alice_and_at_bob(self):
        for instance, method in (("alice", "AliceService"), ("bob", "OneWayChannelService/Send")):
            expression = (
                f'sum(kvwire_calls_total{{instance="{instance}:9464", code="OK", '
                f'method=~".*{method}.*"}})'
            )
            with self.subTest(expression=expression):
                self.ask_until(expression, lambda answer: answer and answer[0][1] >= 1)

    def test_each_panel_of_the_dashboard_has_something_to_show(self):
        panels = json.loads(pathlib.Path(_DASHBOARD).read_text())["panels"]
        for panel in panels:
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", "5m")
                with self.subTest(expression=expression):
                    if _EMPTY_IF_ALL_IS_WELL in expression:
                        self.ask(expression)
                    else:
                        self.ask_until(expression, bool)
