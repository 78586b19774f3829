"""The guide to plug-ins quotes the servers as they are, and the servers stay short."""

import re
import unittest

import plug_ins
import programs

_GUIDE = plug_ins.FOLDER / "README.md"
_SERVERS = {"python": plug_ins.FOLDER / "python/server.py", "js": plug_ins.FOLDER / "node/server.js"}


class GuideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.guide = _GUIDE.read_text(encoding="utf-8")

    def test_what_it_quotes_is_in_the_servers(self):
        quotes = re.findall(r"^```(python|js)\n(.*?)^```$", self.guide, re.MULTILINE | re.DOTALL)
        self.assertEqual({"python", "js"}, {language for language, _ in quotes})
        for language, quote in quotes:
            with self.subTest(quote=quote):
                self.assertIn(quote, _SERVERS[language].read_text(encoding="utf-8"))

    def test_it_is_one_page_and_the_servers_are_below_150_lines(self):
        self.assertLess(self.guide.count("\n"), 110)
        for server in _SERVERS.values():
            self.assertLess(server.read_text(encoding="utf-8").count("\n"), 150)

    def test_its_links_lead_somewhere_and_the_readme_leads_to_it(self):
        for link in re.findall(r"\]\(([^)]+)\)", self.guide):
            self.assertTrue((_GUIDE.parent / link).exists(), link)
        readme = (plug_ins.FOLDER.parent.parent / "README.md").read_text(encoding="utf-8")
        self.assertIn("](tests/plugins/README.md)", readme)

    def test_its_commands_are_commands(self):
        conformance = programs.kvwire("conformance", "--help").stdout
        run = programs.kvwire("run", "--help").stdout
        for line in re.findall(r"^kvwire .*", self.guide, re.MULTILINE):
            for flag in re.findall(r"--[a-z-]+", line):
                self.assertIn(flag, conformance if "conformance" in line else run)


if __name__ == "__main__":
    programs.main()
