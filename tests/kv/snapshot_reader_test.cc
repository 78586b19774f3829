// SnapshotReader from its making to its end, and WriteSnapshot of a cache that lies.

#include <string>
#include <string_view>
#include <vector>

#include "common/kv/snapshot.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/format_example.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

TEST(SnapshotReaderTest, CreateFailsAsCreateCache) {
  EXPECT_THAT(SnapshotReader::Create(SetupOf("exact", 0)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("d = 0")));
}

TEST(SnapshotReaderTest, AnErrorIsFinal) {
  auto reader = SnapshotReader::Create(ExampleSetup()).value();
  EXPECT_FALSE(reader->Append(std::string(28, 'x')).ok());
  const auto refusal = StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a snapshot"));
  EXPECT_THAT(reader->Append(Example().Build()), refusal);
  EXPECT_THAT(reader->Append(""), refusal);
  EXPECT_THAT(reader->Finish(), refusal);
}

TEST(SnapshotReaderTest, ATooEarlyFinishIsFinal) {
  auto reader = SnapshotReader::Create(ExampleSetup()).value();
  const std::string bytes = Example().Build();
  ASSERT_THAT(reader->Append(bytes.substr(0, 20)), IsOk());
  const auto refusal = StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends too early"));
  EXPECT_THAT(reader->Finish(), refusal);
  EXPECT_THAT(reader->Append(bytes.substr(20)), refusal);
}

TEST(SnapshotReaderTest, FinishesOnce) {
  auto reader = SnapshotReader::Create(ExampleSetup()).value();
  ASSERT_THAT(reader->Append(Example().Build()), IsOk());
  EXPECT_THAT(reader->Finish(), IsOk());
  EXPECT_THAT(reader->Finish(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("already finished")));
}

// Announces one byte more or less than it writes.
class LyingCache : public KvCache {
 public:
  explicit LyingCache(int64_t announced) : announced_(announced) {}
  absl::Status Append(const TokenBlock&) override { return absl::OkStatus(); }
  absl::Status Attend(const Eigen::Ref<const Matrix>&, Eigen::Ref<Matrix>) const override {
    return absl::OkStatus();
  }
  int64_t tokens() const override { return 1; }
  std::vector<SnapshotSection> Sections() const override {
    return {{SectionContent::kCodes, 8 * announced_}};
  }
  absl::Status WriteSection(size_t, ByteSink sink) const override { return sink("ab"); }
  absl::Status BeginSection(int64_t, SnapshotSection) override { return absl::OkStatus(); }
  absl::Status RestoreBytes(std::string_view) override { return absl::OkStatus(); }
  absl::Status EndRestore() override { return absl::OkStatus(); }

 private:
  int64_t announced_;
};

TEST(WriteSnapshotTest, RefusesASectionThatIsNotAsLongAsAnnounced) {
  const auto sink = [](std::string_view) { return absl::OkStatus(); };
  EXPECT_THAT(WriteSnapshot(LyingCache(2), ExampleSetup(), sink), IsOk());
  for (const int64_t announced : {1, 3}) {
    EXPECT_THAT(WriteSnapshot(LyingCache(announced), ExampleSetup(), sink),
                StatusIs(absl::StatusCode::kInternal, HasSubstr("and wrote 2")));
  }
}

TEST(WriteSnapshotTest, RefusesASetupThatIsNotOfACache) {
  CacheSetup setup = ExampleSetup();
  setup.spec = AlgorithmSpec::Parse("exakt").value();
  EXPECT_THAT(
      WriteSnapshot(*ExampleCache(), setup, [](std::string_view) { return absl::OkStatus(); }),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("no algorithm 'exakt'")));
}

}  // namespace
}  // namespace kvwire
