"""Bad input: each has its exit code, a message that names what is wrong, and an end."""

import contextlib
import json
import pathlib
import shutil
import socket
import tempfile
import unittest

import programs

_SMALL = ("--n", 4, "--d", 16)


@contextlib.contextmanager
def _taken_port(listening):
    """A port that is ours; connecting to it is refused unless it is `listening`."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        if listening:
            taken.listen()
        yield f"127.0.0.1:{taken.getsockname()[1]}"


class RunTest(unittest.TestCase):
    def assert_fails(self, exit_code, grpc_code, words, *arguments):
        """Checks the exit code, the message on stderr, and the same as JSON on stdout."""
        with self.subTest(arguments=arguments):
            outcome = programs.kvwire("run", *arguments, "--json", "-")
            self.assertEqual(exit_code, outcome.code, outcome)
            for word in words:
                self.assertIn(str(word), outcome.stderr)
            self.assertEqual(1, len(outcome.stderr.splitlines()), outcome.stderr)
            result = json.loads(outcome.stdout)
            self.assertEqual(["error"], list(result))
            message = result["error"].pop("message")
            self.assertEqual({"exit": exit_code, "code": grpc_code}, result["error"])
            self.assertEqual(f"kvwire: {message}\n", outcome.stderr)

    def assert_refused(self, words, *arguments):
        self.assert_fails(2, "INVALID_ARGUMENT", words, *arguments)

    def test_an_unknown_algorithm_is_answered_with_the_known_ones(self):
        known = ["nope", "bitplane", "exact", "float16", "streaming"]
        self.assert_refused(known, "--algorithm", "nope")

    def test_an_unknown_option_of_an_algorithm_is_answered_with_the_known_ones(self):
        known = ["evict", "sinks", "window", "scale"]
        self.assert_refused(["depth", *known], "--algorithm", "streaming:depth=3")
        self.assert_refused(["window", "it has scale"], "--algorithm", "exact:window=3")

    def test_an_options_value_out_of_range_is_named(self):
        self.assert_refused(["window=-1"], "--algorithm", "streaming:window=-1")
        self.assert_refused(["window=x"], "--algorithm", "streaming:window=x")
        self.assert_refused(["evict=later"], "--algorithm", "streaming:evict=later")

    def test_a_malformed_algorithm_is_refused(self):
        for text in ("", ":", "exact:", "streaming:window", "streaming:window=1,,sinks=1",
                     "streaming:window=1,window=2"):
            self.assert_refused(["algorithm"], "--algorithm", text)

    def test_a_pyramid_needs_a_power_of_two(self):
        for side in (48, 0, 1, -8, 8192):
            self.assert_refused(["power of two", side], "--n", side)

    def test_d_must_be_in_range(self):
        for dims in (0, -1, 65537):
            self.assert_refused(["d", dims, 65536], "--d", dims)

    def test_no_run_carries_more_than_2_to_the_30_bits(self):
        self.assert_refused([1 << 30, 349525 * 4096], "--n", 1024, "--d", 4096)

    def test_numbers_that_are_none_are_refused(self):
        self.assert_refused(["--n", "many"], "--n", "many")
        self.assert_refused(["--d", "2.5"], "--d", "2.5")
        self.assert_refused(["power of two"], "--n", "9" * 30)

    def test_a_bad_list_of_scales_is_refused(self):
        for text in ("1,x", "1,,2", "0,1,2", "1,-2", "7", "1,2,4097", "1,2,"):
            self.assert_refused(["scale"], "--scales", text)
        self.assert_refused(["scale"], "--scales", ",".join(["1"] * 65))
        self.assert_refused(["--n", "--scales"], "--scales", "1,2", "--n", 2)

    def test_a_seed_of_2_to_the_53_is_refused(self):
        self.assert_refused(["seed", 1 << 53], "--seed", 1 << 53)
        self.assert_refused(["seed"], "--seed", -1)

    def test_an_unknown_frame_problem_or_mask_is_refused(self):
        self.assert_refused(["round", "unit", "gaussian", "code", "packed"], "--frame", "round")
        known = ["index", "multi-index", "var", "tensor4", "tensor2"]
        self.assert_refused(["pixel", *known], "--problem", "pixel")
        self.assert_refused(["maybe", "private", "none"], "--mask", "maybe")

    def test_a_code_frame_needs_a_power_of_two_as_d(self):
        self.assert_refused(["code", "power of two", 48], "--frame", "code", "--d", 48)

    def test_a_packed_frame_needs_a_d_from_2_to_8(self):
        self.assert_refused(["packed", "from 2 to 8", 9], "--frame", "packed", "--d", 9)

    def test_a_bad_sharpness_is_refused(self):
        for text in ("x", "0", "-1", "nan", "inf", "1e300", "3 "):
            self.assert_refused(["sharpness"], f"--sharpness={text}")

    def test_a_bad_secret_seed_is_refused(self):
        for text in ("xyz", "0", "012", "0x12", "00" * 65):
            self.assert_refused(["seed", "hexadecimal"], "--secret-seed", text)

    def test_a_bad_question_is_refused(self):
        for text in ("x", "1", "1.", ".1", "1.1.1", "-1.0", "1.1,", "random:0", "random:x",
                     "random:81", "random:-1", "ALL"):
            self.assert_refused(["--ask"], *_SMALL, f"--ask={text}")

    def test_a_question_beyond_the_payload_is_out_of_range(self):
        for text in ("5.0", "0.16", "0.0,5.0"):
            words = ["rows are 0 .. 4", "coordinates 0 .. 15"]
            self.assert_fails(2, "OUT_OF_RANGE", words, *_SMALL, "--ask", text)

    def test_a_payload_file_must_be_there_and_fit(self):
        with tempfile.TemporaryDirectory() as folder:
            missing, empty, large = (pathlib.Path(folder, n) for n in ("missing", "empty", "large"))
            empty.touch()
            large.write_bytes(bytes(11))
            self.assert_refused(["no file", missing], "--payload", missing)
            self.assert_refused(["no file", folder], "--payload", folder)
            self.assert_refused(["empty", empty], "--payload", empty)
            self.assert_refused([88, 80], *_SMALL, "--payload", large)

    def test_it_is_refused_before_a_service_is_started(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(programs.BIN / "kvwire", folder)
            letter, arrived = pathlib.Path(folder, "letter"), pathlib.Path(folder, "arrived")
            letter.write_text("x")
            send = ("send", letter, "--output", arrived)
            for code, words, *arguments in (
                    (2, ["power of two"], "run", "--n", 48),
                    (2, ["power of two"], *send, "--n", 48),
                    (1, ["cannot run", "kvwire-algorithm"], "run", *_SMALL)):
                with programs.Program(alone, *arguments) as running:
                    outcome = running.wait()
                self.assertEqual(code, outcome.code, outcome)
                for word in words:
                    self.assertIn(word, outcome.stderr)

    def test_one_running_service_is_not_enough(self):
        for one in ("--alice", "--bob"):
            self.assert_refused(["--alice", "--bob"], one, "127.0.0.1:1")

    def test_an_endpoint_must_be_a_host_and_a_port(self):
        for text in ("here", "here:", ":1", "here:65536", "here:-1", "::1", "here:1x"):
            with_both = ("--alice", text, "--bob", "127.0.0.1:1")
            self.assert_refused(["HOST:PORT", text], *with_both)
            self.assert_refused(["HOST:PORT", text], "--bob-algorithm", text)
        self.assert_refused(
            ["HOST:PORT"], "--alice", "a:1", "--bob", "b:1", "--channel", "nowhere"
        )

    def test_a_bad_timeout_is_refused(self):
        for text in ("x", "10", "-1s", "0s", "2h"):
            self.assert_refused(["--timeout"], f"--timeout={text}")

    def test_a_state_over_the_memory_limit_is_a_resource_exhausted(self):
        for algorithm in ("exact", "float16"):
            words = ["memory", 1000, "algorithm"]
            arguments = ("--algorithm", algorithm, "--memory-limit", 1000)
            self.assert_fails(72, "RESOURCE_EXHAUSTED", words, *arguments)

    def test_a_peer_that_cannot_be_reached_is_named(self):
        with _taken_port(listening=False) as nobody, programs.services() as running:
            alice, bob = running.alice.listening, running.bob.listening
            for here in (("--alice", nobody, "--bob", bob), ("--alice", alice, "--bob", nobody),
                         ("--alice", alice, "--bob", bob, "--channel", nobody),
                         ("--alice-algorithm", nobody)):
                arguments = (*_SMALL, *here, "--timeout", "300ms")
                self.assert_fails(78, "UNAVAILABLE", [nobody], *arguments)

    def test_a_peer_that_accepts_but_never_answers_is_not_waited_for(self):
        with _taken_port(listening=True) as silent:
            arguments = ("--alice", silent, "--bob", silent, "--timeout", "300ms")
            self.assert_fails(78, "UNAVAILABLE", [silent], *_SMALL, *arguments)

    def test_an_output_that_cannot_be_written_is_named(self):
        nowhere = "/nonexistent/result"
        outcome = programs.kvwire("run", *_SMALL, "--json", nowhere)
        self.assertEqual(2, outcome.code)
        self.assertIn(nowhere, outcome.stderr)
        self.assert_fails(2, "INVALID_ARGUMENT", [nowhere], *_SMALL, "--save-snapshot", nowhere)


class CommandLineTest(unittest.TestCase):
    def assert_fails(self, exit_code, words, program, *arguments):
        with self.subTest(program=program, arguments=arguments):
            with programs.Program(program, *arguments) as running:
                outcome = running.wait()
            self.assertEqual(exit_code, outcome.code, outcome)
            for word in words:
                self.assertIn(word, outcome.stderr)
            self.assertEqual("", outcome.stdout)

    def test_what_is_not_a_command_or_a_flag_is_refused(self):
        self.assert_fails(2, ["subcommand"], "kvwire")
        self.assert_fails(2, [], "kvwire", "walk")
        self.assert_fails(2, ["--bogus"], "kvwire", "run", "--bogus")
        self.assert_fails(2, ["stray"], "kvwire", "run", "stray")
        self.assert_fails(2, ["--d"], "kvwire", "run", "--d")
        self.assert_fails(2, ["--wait"], "kvwire", "health", "127.0.0.1:1", "--wait", "-1")
        self.assert_fails(2, ["HOST:PORT"], "kvwire", "health", "here")
        self.assert_fails(2, ["power of two"], "kvwire", "bounds", "--n", "48")
        self.assert_fails(2, ["d = 0"], "kvwire", "bounds", "--d", "0")

    def test_help_and_version_are_good(self):
        for arguments in (("--help",), ("--version",), ("run", "--help"), ("send", "--help")):
            outcome = programs.kvwire(*arguments)
            self.assertEqual((0, ""), (outcome.code, outcome.stderr))
            self.assertIn("kvwire", outcome.stdout)

    def test_a_service_refuses_bad_flags(self):
        self.assert_fails(2, ["--bogus"], "kvwire-algorithm", "--bogus")
        self.assert_fails(2, ["HOST:PORT"], "kvwire-algorithm", "--listen", "here")
        for party in ("kvwire-alice", "kvwire-bob"):
            self.assert_fails(2, ["--algorithm-endpoint"], party)
            self.assert_fails(2, ["HOST:PORT"], party, "--algorithm-endpoint", "here")

    def test_a_service_stays_on_loopback_unless_told_otherwise(self):
        algorithm = ("--algorithm-endpoint", "127.0.0.1:1")
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            refusal = [address, "--insecure-bind"]
            self.assert_fails(2, refusal, "kvwire-algorithm", "--listen", address)
            self.assert_fails(2, refusal, "kvwire-alice", *algorithm, "--listen", address)
            self.assert_fails(2, refusal, "kvwire-bob", *algorithm, "--listen", address)
            self.assert_fails(2, refusal, "kvwire-bob", *algorithm, "--channel-listen", address)
        with programs.Service("kvwire-algorithm", "--listen", "0.0.0.0:0", "--insecure-bind") as open_:
            port = open_.listening.rpartition(":")[2]
            self.assertEqual(0, programs.kvwire("health", f"127.0.0.1:{port}").code)

    def test_a_busy_port_is_refused_even_where_its_owner_would_share_it(self):
        algorithm = ("--algorithm-endpoint", "127.0.0.1:1")
        with _taken_port(listening=True) as busy:
            for program, *arguments in (("kvwire-algorithm", "--listen", busy),
                                        ("kvwire-alice", *algorithm, "--listen", busy),
                                        ("kvwire-bob", *algorithm, "--listen", busy),
                                        ("kvwire-bob", *algorithm, "--channel-listen", busy)):
                self.assert_fails(1, [busy, "taken"], program, *arguments)

    def test_two_services_never_share_a_port(self):
        with programs.Service("kvwire-algorithm") as first:
            self.assert_fails(
                1, [first.listening], "kvwire-algorithm", "--listen", first.listening
            )
            self.assertEqual(0, programs.kvwire("health", first.listening).code)


if __name__ == "__main__":
    programs.main()
