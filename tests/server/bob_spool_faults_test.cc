// Each system call under the spool fails once, at each place where it is made.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "gtest/gtest.h"
#include "server/bob/bob_spool.h"
#include "tests/server/spool_directory.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

namespace fs = std::filesystem;

const std::string kData =
    "a message of seventy bytes that arrives in chunks of ten bytes each...";
const MessageOpening kOpening{.run_id = 1, .parameters_digest = "sixteen bytes :)"};

// Fails the call number `at`, counted from 0, and no other.
struct OneFault {
  int at;
  int error;
  int calls = 0;
  bool fired = false;

  int operator()(SpoolCall /*call*/) {
    if (calls++ != at) return 0;
    fired = true;
    return error;
  }
};

// One life of a Bob: takes up what there is and goes on to the end of the message. Returns
// the first error. `committed` is what he told Alice; it must never shrink.
absl::Status Live(const std::string& directory, const SpoolFault& fault, int64_t& committed,
                  bool& told_whole) {
  auto spool = Spool::Open(directory, fault);
  if (!spool.ok()) return spool.status();
  auto files = (*spool)->Recover();
  if (!files.ok()) return files.status();
  std::unique_ptr<SpoolFile> file;
  if (!files->empty()) {
    file = std::move(files->front());
  } else {
    auto created = (*spool)->Create(kOpening);
    if (!created.ok()) return created.status();
    file = *std::move(created);
  }
  const auto tell = [&] {
    EXPECT_GE(file->committed_bytes(), committed);
    committed = file->committed_bytes();
  };
  tell();
  EXPECT_EQ(*file->Read(0, committed), kData.substr(0, committed));
  absl::Status status;
  while (status.ok() && file->stored_bytes() < static_cast<int64_t>(kData.size())) {
    const std::string chunk = kData.substr(file->stored_bytes(), 10);
    const std::vector<std::string_view> pieces = {chunk};
    status = file->Append({pieces, 10, Crc32c(chunk), 20});
    if (status.ok() && file->stored_bytes() == 40) status = file->Sync();
    tell();
  }
  if (status.ok() && !file->sealed()) status = file->Seal(Sha256Of(kData), 0);
  tell();
  if (status.ok()) told_whole = true;
  return status;
}

class BobSpoolDiskTest : public ::testing::Test {
 protected:
  BobSpoolDiskTest() { directory_ = MakeSpoolDirectory(); }
  ~BobSpoolDiskTest() override { fs::remove_all(directory_); }

  fs::path directory_;
};

class BobSpoolFaultsTest : public BobSpoolDiskTest,
                           public ::testing::WithParamInterface<int> {};

TEST_P(BobSpoolFaultsTest, NoFailedCallLosesACommittedByteOrSealsAPart) {
  int places = 0;
  for (int at = 0;; ++at) {
    const std::string directory = (directory_ / absl::StrCat(at)).string();
    const auto fault = std::make_shared<OneFault>(OneFault{at, GetParam()});
    int64_t committed = 0;
    bool told_whole = false;
    absl::Status status = Live(
        directory, [fault](SpoolCall call) { return (*fault)(call); }, committed, told_whole);
    if (!fault->fired) {
      EXPECT_THAT(status, IsOk());
      break;
    }
    ++places;
    EXPECT_FALSE(status.ok()) << "call " << at;
    EXPECT_FALSE(told_whole);
    // The next life, on a disk that works, brings it to its end.
    EXPECT_THAT(Live(directory, nullptr, committed, told_whole), IsOk());
    EXPECT_TRUE(told_whole);
    const auto spool = *Spool::Open(directory);
    const auto files = *spool->Recover();
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(*files[0]->Read(0, 100), kData);
    EXPECT_EQ(files[0]->sha256(), Sha256Of(kData));
  }
  // Opening, writing, syncing, renaming and both syncs of the directory all had their turn.
  EXPECT_GE(places, 15);
}

INSTANTIATE_TEST_SUITE_P(Errors, BobSpoolFaultsTest, ::testing::Values(EIO, ENOSPC, EDQUOT),
                         [](const auto& tested) {
                           return absl::StrCat("Errno", tested.param);
                         });

TEST_F(BobSpoolDiskTest, TheSameBobGoesOnAfterADiskThatFailedOnce) {
  for (int at = 0;; ++at) {
    const auto fault = std::make_shared<OneFault>(OneFault{at, EIO});
    const auto spool = Spool::Open((directory_ / absl::StrCat(at)).string(),
                                   [fault](SpoolCall call) { return (*fault)(call); });
    if (!spool.ok()) continue;
    auto file = (*spool)->Create(kOpening);
    if (!file.ok()) file = (*spool)->Create(kOpening);
    ASSERT_THAT(file.status(), IsOk());
    // As Alice would: after an error she asks what is committed, and goes on from there.
    for (int attempt = 0; attempt < 3 && !(*file)->sealed(); ++attempt) {
      if (!(*file)->Sync().ok()) continue;
      absl::Status status;
      while (status.ok() && (*file)->stored_bytes() < static_cast<int64_t>(kData.size())) {
        const std::string chunk = kData.substr((*file)->stored_bytes(), 10);
        const std::vector<std::string_view> pieces = {chunk};
        status = (*file)->Append({pieces, 10, Crc32c(chunk), 20});
      }
      if (status.ok()) status = (*file)->Seal(Sha256Of(kData), 0);
      EXPECT_EQ(status.ok(), (*file)->sealed());
    }
    ASSERT_TRUE((*file)->sealed()) << "call " << at;
    EXPECT_EQ((*file)->message_count(), 7);
    fault->at = -1;
    EXPECT_EQ(*(*file)->Read(0, 100), kData);
    if (!fault->fired) break;
  }
}

}  // namespace
}  // namespace kvwire
