"""Equal parameters, secret seed and payload make equal messages, to the byte."""

import unittest

import programs

_SEED = ("--secret-seed", "00112233445566778899aabbccddeeff")

# What every build, compiler, machine and number of threads must send.
_GOLDEN = {
    ("exact", "unit"): "1b866aa5d5dbd812e16e3886d94b834b98f83ea5be55224f0886f6dd143b03b3",
    ("exact", "gaussian"): "12860e701173b21bbd40a76bed425cecbc4acc46a81fd06c53439ee587211c51",
    ("exact", "code"): "4fcaf418f2744db85807f540034327b7d1849efc7204f1452f28bd595fdb90c5",
    ("float16", "unit"): "51196b6416bd8ec078e47b398e2b3b80e784f92b6fc402ff262d1bbc8050b71d",
    ("bitplane", "unit"): "5d96ea0cd582f4cf75d854a02d5dab27b2714c28dcfe1c15c8ba76b398c6a5a5",
    ("streaming", "unit"): "e6a6fcd9a1f742d03dbfdaad33553a89f1a43c9816852753ecb298f8a31c24a2",
}


def _sha256(*arguments, seed=_SEED):
    return programs.judged("run", "--n", 16, "--d", 64, *arguments, *seed)["snapshot_sha256"]


class DeterminismTest(unittest.TestCase):
    def test_every_algorithm_and_frame_sends_the_golden_message(self):
        for (algorithm, frame), golden in _GOLDEN.items():
            with self.subTest(algorithm=algorithm, frame=frame):
                self.assertEqual(golden, _sha256("--algorithm", algorithm, "--frame", frame))

    def test_threads_change_nothing(self):
        one, two = (_sha256("--threads", threads) for threads in (1, 2))
        self.assertEqual(one, two)

    def test_repeating_a_run_repeats_its_message_bytes_too(self):
        runs = [programs.judged("run", "--n", 8, "--d", 64, *_SEED) for _ in range(2)]
        self.assertEqual(*(run["snapshot_sha256"] for run in runs))
        self.assertEqual(*(run["alice"]["message_bytes"] for run in runs))
        self.assertNotEqual(*(run["run_id"] for run in runs))

    def test_another_secret_seed_is_another_message(self):
        other = _sha256("--algorithm", "bitplane", seed=("--secret-seed", "01"))
        self.assertNotEqual(other, _sha256("--algorithm", "bitplane"))

    def test_without_a_secret_seed_no_two_messages_are_alike(self):
        self.assertNotEqual(_sha256(seed=()), _sha256(seed=()))

    def test_private_bits_do_not_depend_on_the_public_seed(self):
        # A bitplane snapshot is the masked bits; the public keys are not in it.
        one, two = (_sha256("--algorithm", "bitplane", "--seed", seed) for seed in (1, 2))
        self.assertEqual(one, two)


if __name__ == "__main__":
    programs.main()
