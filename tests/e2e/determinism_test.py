"""Equal parameters, secret seed and payload make equal messages, to the byte."""

import unittest

import programs

_SEED = ("--secret-seed", "00112233445566778899aabbccddeeff")

# What every build, compiler, machine and number of threads must send.
_GOLDEN = {
    ("exact", "unit"): "86f9cb8b9aee1c6dd7b622c3a7ea95450de96f16c051fe7599b47ce06b7b895b",
    ("exact", "gaussian"): "7fa87da7574830804b901ac2aeb6c426c83d9f3636feac95861933e16f5f8469",
    ("exact", "code"): "d7d5caaa82c61ffdfc6b4cae0c5a2a35ea6bd59bfe958164a5901efc2175689e",
    ("float16", "unit"): "58bebf878c36d9686777ad1feabf52f1df04d52cfd9e3aa6a9c1f71973ca70b3",
    ("bitplane", "unit"): "1409ed3afe8bb7a813d5dc7af793361e7a2813f1eca881840cb2f520bc9e1975",
    ("streaming", "unit"): "e91358c7e7ab98eb3ddd83fc3fd9ee365e52c725fd6d730872b58a2aedeb5c79",
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
