"""What is secret and what is public: which bits of a message depend on which."""

import pathlib
import tempfile
import unittest

import programs

_SIZE = ("--n", 32, "--d", 64, "--secret-seed", "5ec4e7")


def _sha256(*arguments):
    return programs.judged("run", *_SIZE, *arguments)["snapshot_sha256"]


class SeedTest(unittest.TestCase):
    def test_the_whole_result_is_the_same_but_for_times_ids_and_the_transport(self):
        def stable(result):
            for key in ("run_id", "seconds", "peak_memory_bytes", "connections", "efficiency"):
                del result[key]
            for end in ("alice", "bob"):
                for key in [key for key in result[end] if key.startswith(("tcp_", "retrans"))]:
                    del result[end][key]
            return result

        arguments = ("run", *_SIZE, "--algorithm", "streaming", "--ask", "random:50")
        self.assertEqual(*[stable(programs.judged(*arguments)) for _ in range(2)])

    def test_threads_change_no_algorithms_message(self):
        for algorithm in ("exact", "float16", "bitplane", "streaming"):
            with self.subTest(algorithm=algorithm):
                threads = [("--threads", count) for count in (1, 2)]
                self.assertEqual(*[_sha256("--algorithm", algorithm, *one) for one in threads])

    def test_the_public_seed_draws_the_keys_and_none_of_the_secrets(self):
        # Bitplane's snapshot holds masked payload bits alone, exact's the keys too.
        seeds = [("--seed", seed) for seed in (1, 2, (1 << 53) - 1)]
        bitplane = {_sha256("--algorithm", "bitplane", *seed) for seed in seeds}
        self.assertEqual(1, len(bitplane))
        exact = {_sha256("--algorithm", "exact", *seed) for seed in seeds}
        self.assertEqual(3, len(exact))

    def test_the_sharpness_is_bobs_affair_and_not_in_the_message(self):
        self.assertEqual(_sha256("--sharpness", 12), _sha256("--sharpness", 13))


class MaskTest(unittest.TestCase):
    def snapshot(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            file, saved = pathlib.Path(folder, "file"), pathlib.Path(folder, "snapshot")
            file.write_bytes(b"attack at dawn; ")
            programs.judged(
                "run", "--n", 8, "--d", 64, "--algorithm", "bitplane", "--payload", file,
                "--save-snapshot", saved, *arguments
            )
            return saved.read_bytes()

    def test_the_private_mask_hides_payload_and_padding_from_the_services(self):
        bare = self.snapshot("--mask", "none")
        # 168 bytes of payload, of which 16 are the file; 4 more are the checksum.
        self.assertEqual(b"attack at dawn; " + bytes(168 - 16), bare[-172:-4])
        masked = self.snapshot()
        self.assertEqual(len(bare), len(masked))
        self.assertNotIn(b"attack", masked)
        # 1216 bits of padding look random: within 6 standard deviations of a half.
        ones = sum(byte.bit_count() for byte in masked[-156:-4])
        self.assertAlmostEqual(608, ones, delta=6 * 1216**0.5 / 2)

    def test_the_secret_seed_fixes_the_mask_of_a_file(self):
        self.assertEqual(*[self.snapshot("--secret-seed", "77") for _ in range(2)])
        self.assertNotEqual(self.snapshot("--secret-seed", "77"), self.snapshot())


if __name__ == "__main__":
    programs.main()
