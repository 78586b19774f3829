"""The image as users build it: docker/Dockerfile, compiler and all."""

import json
import tempfile
import unittest

import addresses
import images
import project

_MOST_BYTES = 64 * 10**6


class FullTest(unittest.TestCase):
    def test_it_is_small(self):
        with tempfile.TemporaryDirectory() as folder:
            inspected = project.Project(folder).docker("image", "inspect", images.FULL).stdout
        self.assertLess(json.loads(inspected)[0]["Size"], _MOST_BYTES)

    def test_the_demo_passes_in_it(self):
        environment = {"KVWIRE_IMAGE": images.FULL}
        with tempfile.TemporaryDirectory() as folder:
            with project.Project(folder, environment=environment) as demo:
                outcome = demo.drive(
                    "kvwire", "demo", *addresses.SERVICES, "--identical", "bitplane",
                    "--output", "/output",
                )
                used = demo.docker("inspect", "-f", "{{.Config.Image}}", demo.container("bob"))
        self.assertEqual(images.FULL, used.stdout.strip())
        self.assertEqual(0, outcome.returncode, outcome)
        self.assertRegex(outcome.stdout, "bitplane .* ok +identical")
