"""Files and pictures through a KV cache: what arrives is what was sent, or it is not called so."""

import pathlib
import random
import tempfile
import unittest

import books
import pictures
import programs


class FolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.arrived = self.folder / "arrived"
        self.random = random.Random(4)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def send(self, file, *arguments):
        """Sends at d = 64 and returns the books, which must be in order."""
        result = programs.judged("send", file, "--d", 64, "--output", self.arrived, *arguments)
        books.check(self, result)
        return result


class FileTest(FolderTest):
    def test_files_of_any_size_come_back_byte_for_byte(self):
        for size in (1, 2, 7, 8, 9, 40, 41, 167, 168, 169, 681, 2729, 10921):
            algorithm = ("exact", "float16", "bitplane")[size % 3]
            with self.subTest(size=size, algorithm=algorithm):
                content = self.random.randbytes(size)
                result = self.send(self.file("sent", content), "--algorithm", algorithm)
                self.assertEqual(content, self.arrived.read_bytes())
                self.assertEqual(0, result["bit_errors"])

    def test_every_lossless_algorithm_brings_the_same_file(self):
        sent = self.file("sent", self.random.randbytes(3000))
        for algorithm in ("exact", "float16", "bitplane", "streaming:window=5461"):
            with self.subTest(algorithm=algorithm):
                self.send(sent, "--algorithm", algorithm)
                self.assertEqual(sent.read_bytes(), self.arrived.read_bytes())

    def test_the_smallest_pyramid_that_holds_the_file_is_taken(self):
        # At d = 64 the pyramids hold L d / 8 = 8 L bytes.
        for size, last_side in ((8, 2), (9, 4), (40, 4), (41, 8), (168, 8), (169, 16)):
            with self.subTest(size=size):
                result = self.send(self.file("sent", bytes(size)))
                self.assertEqual(last_side, result["parameters"]["scales"][-1])

    def test_a_given_pyramid_is_kept_and_what_is_left_of_it_is_padding(self):
        result = self.send(self.file("sent", b"short"), "--n", 32)
        self.assertEqual(341 * 64, result["payload_bits"])
        self.assertEqual(b"short", self.arrived.read_bytes())

    def test_a_scale_list_serves_too(self):
        content = self.random.randbytes(200)
        self.send(self.file("sent", content), "--scales", "1,2,3,4,5")
        self.assertEqual(content, self.arrived.read_bytes())

    def test_the_length_of_the_file_is_charged(self):
        sent = self.file("sent", bytes(100))
        common = ("--n", 8, "--secret-seed", "05", "--algorithm", "bitplane")
        with_length = self.send(sent, *common)
        without = programs.judged("run", "--d", 64, *common)
        self.assertEqual(with_length["snapshot_bytes"], without["snapshot_bytes"])
        # A tag and a varint below 128.
        self.assertEqual(
            2, with_length["alice"]["message_bytes"] - without["alice"]["message_bytes"]
        )

    def test_a_starved_cache_brings_a_file_of_the_same_length_that_differs(self):
        sent = self.file("sent", self.random.randbytes(2000))
        result = self.send(sent, "--algorithm", "streaming:window=8")
        arrived = self.arrived.read_bytes()
        self.assertEqual(2000, len(arrived))
        # 12 of 341 rows are kept: at least 1900 bytes are guessed, each right once in 256.
        different = sum(a != b for a, b in zip(sent.read_bytes(), arrived))
        self.assertGreater(different, 1500)
        self.assertGreater(result["bit_errors"], 0)
        # The sinks hold the first 4 rows of 8 bytes.
        self.assertEqual(sent.read_bytes()[:32], arrived[:32])


class PictureTest(FolderTest):
    def send_picture(self, name, content, *arguments):
        """Returns what arrived, and the pixels of the difference picture beside it."""
        self.arrived = self.folder / f"arrived{pathlib.Path(name).suffix}"
        self.send(self.file(name, content), "--as", "picture", *arguments)
        difference = self.folder / "arrived.difference.png"
        return self.arrived.read_bytes(), pictures.png_pixels(difference.read_bytes())

    def test_a_png_of_any_depth_arrives_with_its_shape_and_pixels(self):
        for depth, colour_type, row_bytes in ((1, 0, 6), (8, 0, 41), (16, 0, 82), (8, 2, 123)):
            with self.subTest(depth=depth, colour_type=colour_type):
                rows = bytearray(self.random.randbytes(row_bytes * 13))
                if depth == 1:  # the last 7 bits of a row of 41 pixels are no pixels
                    rows[row_bytes - 1 :: row_bytes] = b"\x80" * 13
                sent = pictures.png(41, 13, depth, colour_type, bytes(rows))
                arrived, difference = self.send_picture("sent.png", sent, "--algorithm", "float16")
                expected = (41, 13, depth, colour_type, bytes(rows))
                self.assertEqual(expected, pictures.png_pixels(arrived))
                self.assertEqual((41, 13, 8, 0, bytes(41 * 13)), difference)

    def test_a_pbm_arrives_with_its_pixels(self):
        rows = self.random.randbytes(5 * 31)
        sent = pictures.pbm(40, 31, rows)
        arrived, difference = self.send_picture("sent.pbm", sent, "--algorithm", "bitplane")
        self.assertEqual((b"P4", 40, 31, rows), pictures.netpbm_pixels(arrived))
        self.assertEqual((40, 31, 8, 0, bytes(40 * 31)), difference)

    def test_a_pgm_arrives_with_its_pixels(self):
        rows = self.random.randbytes(33 * 29)
        sent = pictures.pgm(33, 29, rows)
        arrived, difference = self.send_picture("sent.pgm", sent, "--algorithm", "exact")
        self.assertEqual((b"P5", 33, 29, rows), pictures.netpbm_pixels(arrived))
        self.assertEqual((33, 29, 8, 0, bytes(33 * 29)), difference)

    def test_a_starved_cache_brings_a_picture_of_noise_where_rows_were_evicted(self):
        rows = bytes(64 * 64)
        sent = pictures.pgm(64, 64, rows)
        arrived, difference = self.send_picture(
            "sent.pgm", sent, "--algorithm", "streaming:window=16"
        )
        kind, width, height, received = pictures.netpbm_pixels(arrived)
        self.assertEqual((b"P5", 64, 64), (kind, width, height))
        # The 4 sinks hold 32 pixels; the window is in the padding.
        self.assertEqual(rows[:32], received[:32])
        self.assertGreater(sum(pixel != 0 for pixel in received), 3800)
        self.assertEqual(received, difference[-1])

    def test_only_the_pixels_are_sent(self):
        # 64 x 64 bits are 512 bytes; as a file the header and checksums come on top.
        sent = self.file("sent.png", pictures.png(64, 64, 1, 0, self.random.randbytes(512)))
        self.arrived = self.folder / "arrived.png"
        common = ("--n", 16, "--mask", "none", "--algorithm", "bitplane")
        snapshot = self.folder / "snapshot"
        self.send(sent, "--as", "picture", *common, "--save-snapshot", snapshot)
        self.assertIn(pictures.png_pixels(sent.read_bytes())[-1], snapshot.read_bytes())
        self.assertNotIn(b"PNG", snapshot.read_bytes())
        self.send(sent, *common, "--save-snapshot", snapshot)
        self.assertIn(sent.read_bytes(), snapshot.read_bytes())


class RefusedTest(FolderTest):
    def assert_refused(self, words, *arguments):
        outcome = programs.kvwire("send", *arguments, "--output", self.arrived)
        self.assertEqual(2, outcome.code, outcome)
        for word in words:
            self.assertIn(str(word), outcome.stderr)
        self.assertFalse(self.arrived.exists())

    def test_a_missing_file_is_named(self):
        missing = self.folder / "missing"
        self.assert_refused(["no file", missing], missing)
        self.assert_refused(["no file", missing], missing, "--as", "picture")

    def test_a_folder_is_no_file(self):
        self.assert_refused(["no file", self.folder], self.folder)

    def test_an_empty_file_is_nothing_to_send(self):
        empty = self.file("empty", b"")
        self.assert_refused(["empty", empty], empty)

    def test_a_file_that_no_run_can_carry_is_refused_without_being_read(self):
        large = self.folder / "large"
        with large.open("wb") as file:
            file.truncate((1 << 27) + 1)  # sparse: takes no space
        self.assert_refused([large, (1 << 27) + 1, 1 << 27], large)

    def test_a_file_larger_than_the_given_pyramid_is_refused(self):
        self.assert_refused([169 * 8, 21 * 64], self.file("f", bytes(169)), "--d", 64, "--n", 8)

    def test_a_file_that_is_no_picture_is_refused_as_one(self):
        text = self.file("letter.png", b"Dear Bob")
        self.assert_refused(["picture", text], text, "--as", "picture")

    def test_a_truncated_picture_is_refused(self):
        whole = pictures.png(16, 16, 8, 0, self.random.randbytes(256))
        self.assert_refused(
            ["cut.png"], self.file("cut.png", whole[: len(whole) // 2]), "--as", "picture"
        )

    def test_a_command_without_an_output_is_refused(self):
        outcome = programs.kvwire("send", self.file("f", b"x"))
        self.assertEqual(2, outcome.code)
        self.assertIn("--output", outcome.stderr)


if __name__ == "__main__":
    programs.main()
