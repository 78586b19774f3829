"""Checks the includes of this repository, and that the check sees each kind of offence."""

import pathlib
import tempfile
import unittest

import layering

_ROOT = pathlib.Path(__file__).resolve().parents[2]

# A small sound tree. Each test below adds one file, or replaces one.
_SOUND = {
    "proto/kvwire/v1/parameters.proto": 'import "google/protobuf/empty.proto";',
    "proto/kvwire/v1/alice.proto": 'import "kvwire/v1/parameters.proto";',
    "proto/kvwire/v1/bob.proto": 'import "kvwire/v1/parameters.proto";',
    "proto/kvwire/v1/channel.proto": "",
    "proto/kvwire/v1/algorithm.proto": 'import "kvwire/v1/parameters.proto";',
    "common/base/bits.h": "#include <cstdint>\n",
    "common/coding/code.h": '#include "common/base/bits.h"',
    "common/attention/frame.h": '#include "common/base/bits.h"',
    "common/kv/cache.h": '#include "common/attention/frame.h"\n#include "common/coding/code.h"',
    "common/reduction/alice.h": '#include "common/kv/cache.h"',
    "common/reduction/bob.h": '#include "common/kv/cache.h"',
    "common/var/transformer.h": '#include "common/kv/cache.h"',
    "common/statistics/interval.h": "",
    "common/workload/workload.h": '#include "common/var/transformer.h"',
    "common/claims/claim.h": '#include "common/reduction/bob.h"\n#include "common/kv/cache.h"\n'
    '#include "common/statistics/interval.h"',
    "common/wire/meter.h": '#include <grpcpp/grpcpp.h>\n#include "kvwire/v1/parameters.pb.h"',
    "server/calls/drain.h": '#include "common/wire/meter.h"\n#include "common/var/transformer.h"',
    "server/alice/alice_service.h": '#include "kvwire/v1/alice.grpc.pb.h"\n'
    '#include "server/calls/drain.h"',
    "server/alice/alice_service.cc": '#include "server/alice/alice_service.h"\n'
    '#include "common/reduction/alice.h"\n'
    '#include "kvwire/v1/channel.grpc.pb.h"',
    "server/bob/bob_service.cc": '#include "common/reduction/bob.h"\n'
    '#include "kvwire/v1/bob.grpc.pb.h"\n#include "kvwire/v1/channel.grpc.pb.h"\n',
    "server/algorithm/algorithm_service.cc": '#include "kvwire/v1/algorithm.grpc.pb.h"\n',
    "common/waterfall/tap.h": '#include "common/wire/meter.h"',
    "common/waterfall/tap.cc": '#include "common/waterfall/tap.h"\n'
    '#include "kvwire/v1/channel.pb.h"',
    "client/capture.cc": '#include "common/waterfall/tap.h"',
    "client/verify.cc": '#include "common/claims/claim.h"',
    "client/driver.cc": '#include "kvwire/v1/alice.grpc.pb.h"\n#include "kvwire/v1/bob.grpc.pb.h"',
    "tests/e2e/run_test.cc": '#include "kvwire/v1/channel.grpc.pb.h"\n#include "client/driver.h"',
}


class LayeringTest(unittest.TestCase):
    def violations(self, **changes):
        """Checks the sound tree with `changes` made to it, each a path=content pair."""
        with tempfile.TemporaryDirectory() as root:
            for path, content in {**_SOUND, **changes}.items():
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, encoding="utf-8")
            return layering.Tree(root).violations()

    def assert_found(self, expected, path, content):
        self.assertIn(expected, self.violations(**{path: content}))

    def test_this_repository_is_sound(self):
        self.assertEqual([], layering.Tree(_ROOT).violations())

    def test_a_sound_tree_is_sound(self):
        self.assertEqual([], self.violations())

    def test_no_floor_includes_a_higher_one_or_its_neighbour(self):
        for path, header in [
            ("common/base/x.h", "common/coding/code.h"),
            ("common/base/x.h", "common/attention/frame.h"),
            ("common/coding/x.cc", "common/attention/frame.h"),
            ("common/attention/x.cc", "common/coding/code.h"),
            ("common/attention/x.cc", "common/kv/cache.h"),
            ("common/kv/x.cc", "common/reduction/alice.h"),
            ("common/kv/algorithms/x.cc", "common/reduction/alice.h"),
            ("common/kv/x.cc", "common/var/transformer.h"),
            ("common/reduction/x.cc", "common/var/transformer.h"),
            ("common/reduction/x.cc", "common/wire/meter.h"),
            ("common/reduction/x.cc", "kvwire/v1/parameters.pb.h"),
            ("common/var/x.cc", "common/reduction/bob.h"),
            ("common/var/x.cc", "common/wire/meter.h"),
            ("common/reduction/x.cc", "common/claims/claim.h"),
            ("common/reduction/x.cc", "common/statistics/interval.h"),
            ("common/statistics/x.cc", "common/base/bits.h"),
            ("common/wire/x.cc", "common/waterfall/tap.h"),
            ("server/alice/alice_x.cc", "common/waterfall/tap.h"),
            ("common/var/x.cc", "common/workload/workload.h"),
            ("common/wire/x.cc", "common/workload/workload.h"),
            ("common/workload/x.cc", "common/reduction/bob.h"),
            ("common/claims/x.cc", "common/wire/meter.h"),
            ("common/claims/x.cc", "kvwire/v1/parameters.pb.h"),
            ("common/wire/x.cc", "common/claims/claim.h"),
            ("common/wire/x.cc", "server/calls/drain.h"),
            ("server/calls/x.cc", "common/claims/claim.h"),
            ("server/calls/x.cc", "server/process/flags.h"),
            ("server/process/x.cc", "server/alice/alice_service.h"),
            ("client/x.cc", "server/calls/drain.h"),
            ("client/x.cc", "tests/e2e/run_test.cc"),
        ]:
            with self.subTest(path=path, header=header):
                depth = 2 if path.startswith(("common", "server")) else 1
                folder = "/".join(path.split("/")[:depth])
                expected = f"{path}: {folder} may not include {header}"
                self.assert_found(expected, path, f'#include "{header}"')
                self.assert_found(expected, path, f"  #  include <{header}>  // why")

    def test_the_lower_floors_know_neither_protocol_buffers_nor_grpc(self):
        lower = "base coding attention statistics kv reduction var workload claims"
        for folder in lower.split():
            for header in ("google/protobuf/message.h", "grpcpp/grpcpp.h", "grpc/grpc.h"):
                with self.subTest(folder=folder, header=header):
                    path = f"common/{folder}/x.cc"
                    expected = f"{path}: common/{folder} may not include {header}"
                    self.assert_found(expected, path, f"#include <{header}>")

    def test_a_folder_of_common_without_a_floor_is_refused(self):
        self.assert_found("common/x/y.h: common/x has no floor", "common/x/y.h", "")

    def test_an_include_states_its_floor(self):
        for target in ("cache.h", "../kv/cache.h", "common/kv/../kv/cache.h"):
            with self.subTest(target=target):
                self.assert_found(
                    f"common/kv/x.cc: {target} is not written from the root of the repository",
                    "common/kv/x.cc",
                    f'#include "{target}"',
                )

    def test_the_tap_shows_the_client_the_channel_but_is_no_excuse(self):
        self.assert_found(
            "client/x.cc -> proto/kvwire/v1/channel.proto",
            "client/x.cc",
            '#include "common/waterfall/tap.h"\n#include "kvwire/v1/channel.pb.h"',
        )

    def test_no_party_includes_what_another_knows(self):
        for path, header, reached in [
            ("common/reduction/alice.cc", "common/reduction/bob.h", "common/reduction/bob.h"),
            ("common/reduction/bob.cc", "common/reduction/alice.h", "common/reduction/alice.h"),
            ("server/alice/alice_main.cc", "common/reduction/bob.h", "common/reduction/bob.h"),
            ("server/alice/alice_main.cc", "kvwire/v1/bob.pb.h", "proto/kvwire/v1/bob.proto"),
            (
                "server/bob/bob_main.cc",
                "server/alice/alice_service.h",
                "server/alice/alice_service.h",
            ),
            ("server/bob/bob_main.cc", "kvwire/v1/alice.grpc.pb.h", "proto/kvwire/v1/alice.proto"),
            (
                "server/algorithm/algorithm_x.cc",
                "kvwire/v1/alice.pb.h",
                "proto/kvwire/v1/alice.proto",
            ),
            ("server/algorithm/algorithm_x.cc", "kvwire/v1/bob.pb.h", "proto/kvwire/v1/bob.proto"),
            (
                "server/algorithm/algorithm_x.cc",
                "kvwire/v1/channel.pb.h",
                "proto/kvwire/v1/channel.proto",
            ),
            ("client/main.cc", "kvwire/v1/channel.pb.h", "proto/kvwire/v1/channel.proto"),
        ]:
            with self.subTest(path=path, header=header):
                self.assert_found(f"{path} -> {reached}", path, f'#include "{header}"')

    def test_no_party_reaches_what_another_knows_through_a_header(self):
        self.assert_found(
            "server/alice/alice_service.cc -> server/alice/alice_service.h -> server/calls/drain.h"
            " -> proto/kvwire/v1/bob.proto",
            "server/calls/drain.h",
            '#include "kvwire/v1/bob.pb.h"',
        )

    def test_no_party_reaches_what_another_knows_through_the_source_of_a_header(self):
        self.assert_found(
            "server/alice/alice_service.h -> server/calls/drain.h -> server/calls/drain.cc"
            " -> common/reduction/bob.h",
            "server/calls/drain.cc",
            '#include "common/reduction/bob.h"',
        )

    def test_no_party_reaches_what_another_knows_through_a_proto_file(self):
        self.assert_found(
            "server/bob/bob_service.cc -> proto/kvwire/v1/channel.proto"
            " -> proto/kvwire/v1/alice.proto",
            "proto/kvwire/v1/channel.proto",
            'import public "kvwire/v1/alice.proto";',
        )

    def test_names_without_meaning_are_refused(self):
        for path, word in [
            ("common/base/string_util.h", "util"),
            ("tests/wire/test-helpers.cc", "helpers"),
            ("server/calls/manager.cc", "manager"),
            ("client/misc.cc", "misc"),
            ("tests/common/x.cc", "common"),
        ]:
            with self.subTest(path=path):
                named = "tests/common" if word == "common" else path
                self.assert_found(f"{named}: the name says {word}", path, "")


if __name__ == "__main__":
    unittest.main()
