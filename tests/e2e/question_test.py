"""What Bob reads: at any position he is asked for, and from a cache that forgets."""

import pathlib
import tempfile
import unittest

import books
import programs

# Bits follow the header of the container, 16 bytes at this size, and two of its one section.
_BITS_AT = 18


def _sent_bits(d):
    """What Alice sent at n = 8: bitplane's snapshot is, without a mask, the bits themselves."""
    common = ("run", "--n", 8, "--d", d, "--secret-seed", "0b17", "--mask", "none")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "snapshot")
        programs.judged(*common, "--algorithm", "bitplane", "--save-snapshot", file)
        body = file.read_bytes()[_BITS_AT:]
    return common, {
        f"{i}.{j}": body[(i * d + j) // 8] >> (i * d + j) % 8 & 1
        for i in range(21)
        for j in range(d)
    }


class QuestionTest(unittest.TestCase):
    def test_every_position_at_n_8_is_read_right(self):
        common, bits = _sent_bits(d=16)
        for algorithm in ("exact", "float16", "bitplane"):
            with self.subTest(algorithm=algorithm):
                result = programs.judged(
                    *common, "--algorithm", algorithm, "--ask", ",".join(bits)
                )
                self.assertEqual(bits, {row["position"]: row["bit"] for row in result["asked"]})
                self.assertEqual(21 * 16, result["asked_bits"])
                self.assertEqual(0, result["asked_errors"])

    def test_a_row_is_asked_once_unless_all_queries_of_the_scale_are(self):
        for queries, count in (("rows", 21), ("all", 64)):
            with self.subTest(queries=queries):
                result = programs.judged("run", "--n", 8, "--d", 16, "--queries", queries)
                self.assertEqual(count, result["queries"])
                self.assertEqual(0, result["changed_bits"])
                self.assertEqual(0, result["bit_errors"])

    def test_only_scales_have_queries_to_spare(self):
        result = programs.judged("run", "--problem", "index", "--n", 9, "--d", 16, "--queries", "all")
        self.assertEqual(9, result["queries"])

    def test_each_row_and_each_coordinate_alone_is_read_right(self):
        common, bits = _sent_bits(d=16)
        for i in range(21):
            position = f"{i}.{5 * i % 16}"
            with self.subTest(position=position):
                result = programs.judged(*common, "--ask", position)
                expected = {"position": position, "bit": bits[position], "correct": True}
                self.assertEqual([expected], result["asked"])
                self.assertEqual(1, result["asked_bits"])

    def test_a_list_is_answered_in_its_own_order_repetitions_and_all(self):
        common, bits = _sent_bits(d=16)
        positions = ["20.15", "0.0", "7.3", "20.15", "7.2"]
        result = programs.judged(*common, "--ask", ",".join(positions))
        self.assertEqual(
            [(position, bits[position]) for position in positions],
            [(row["position"], row["bit"]) for row in result["asked"]],
        )

    def test_one_bit_is_asked_and_all_are_audited(self):
        result = programs.judged("run", "--n", 16, "--d", 32, "--ask", "12.5")
        self.assertEqual("12.5", result["asked"][0]["position"])
        self.assertEqual((1, 0), (result["asked_bits"], result["asked_errors"]))
        self.assertEqual((85 * 32, 0), (result["payload_bits"], result["bit_errors"]))
        books.check(self, result)

    def test_the_answer_is_also_in_the_text(self):
        common, bits = _sent_bits(d=16)
        outcome = programs.kvwire(*common, "--ask", "12.5")
        self.assertIn(f"bit 12.5 = {bits['12.5']}\n", outcome.stdout)

    def test_a_random_question_asks_for_as_many_different_bits(self):
        result = programs.judged("run", "--n", 8, "--d", 16, "--ask", "random:200")
        self.assertEqual((200, 0), (result["asked_bits"], result["asked_errors"]))
        self.assertEqual(200, len({row["position"] for row in result["asked"]}))

    def test_a_random_question_can_ask_for_all(self):
        result = programs.judged("run", "--n", 8, "--d", 16, "--ask", "random:336")
        self.assertEqual(336, len({row["position"] for row in result["asked"]}))

    def test_the_question_changes_nothing_of_what_crosses_the_channel(self):
        common = ("run", "--n", 8, "--d", 64, "--secret-seed", "0b17")
        results = [programs.judged(*common, *ask) for ask in ((), ("--ask", "3.1"))]
        for key in ("snapshot_sha256", "snapshot_bytes"):
            self.assertEqual(results[0][key], results[1][key])
        for key in ("messages", "message_bytes"):
            self.assertEqual(results[0]["alice"][key], results[1]["alice"][key])


class ForgetfulCacheTest(unittest.TestCase):
    # n = 32, d = 64.
    TOKENS = 341
    BITS = 341 * 64

    def run_streaming(self, algorithm, *arguments):
        result = programs.judged(
            "run", "--n", 32, "--d", 64, "--algorithm", algorithm, *arguments
        )
        self.assertTrue(result["verdict"]["ok"])
        books.check(self, result)
        return result

    def assert_kept(self, kept_tokens, result):
        """Half of the bits that were not kept are wrong, within 6 standard deviations."""
        guessed = self.BITS - 64 * kept_tokens
        self.assertAlmostEqual(guessed / 2, result["bit_errors"], delta=6 * (guessed / 4) ** 0.5)

    def test_streaming_errs_in_half_of_what_it_evicted(self):
        self.assert_kept(4 + 64, self.run_streaming("streaming"))
        self.assert_kept(2 + 250, self.run_streaming("streaming:sinks=2,window=250"))

    def test_streaming_knows_its_sinks_and_its_window(self):
        kept = [*range(4), *range(self.TOKENS - 64, self.TOKENS)]
        question = ",".join(f"{i}.{i % 64}" for i in kept)
        result = self.run_streaming("streaming", "--ask", question)
        self.assertEqual((68, 0), (result["asked_bits"], result["asked_errors"]))

    def test_streaming_does_not_know_the_token_before_its_window(self):
        question = ",".join(f"{self.TOKENS - 65}.{j}" for j in range(64))
        result = self.run_streaming("streaming", "--ask", question)
        # All 64 right or all 64 wrong by chance: once in 2^63 runs.
        self.assertTrue(0 < result["asked_errors"] < 64, result["asked_errors"])

    def test_a_window_of_the_whole_stream_forgets_nothing(self):
        result = self.run_streaming("streaming:sinks=0,window=341")
        self.assertEqual(0, result["bit_errors"])

    def test_evicting_before_the_scale_closes_lets_bobs_own_rows_flush_the_window(self):
        self.assert_kept(4, self.run_streaming("streaming:evict=before"))
        self.assert_kept(30, self.run_streaming("streaming:evict=before,sinks=30"))


if __name__ == "__main__":
    programs.main()
