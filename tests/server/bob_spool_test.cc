// Bob's spool file: what is stored, and what is left of it after a cut, a flipped bit or a
// call that fails.

#include "server/bob/bob_spool.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/checksum.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/spool_directory.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;
namespace fs = std::filesystem;

constexpr uint64_t kRun = 0x1234;
const MessageOpening kOpening{
    .run_id = kRun, .parameters_digest = "sixteen bytes :)", .payload_bytes = 7};

std::string TestData(size_t size) {
  std::string data;
  for (size_t i = 0; i < size; ++i) data.push_back(static_cast<char>(i * i + i / 7));
  return data;
}

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteBytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A directory of the test's own.
class BobSpoolTest : public ::testing::Test {
 protected:
  BobSpoolTest() { directory_ = MakeSpoolDirectory(); }
  ~BobSpoolTest() override { fs::remove_all(directory_); }

  std::unique_ptr<Spool> Open(SpoolFault fault = nullptr) {
    return *Spool::Open(directory_.string(), std::move(fault));
  }
  fs::path Part() const { return directory_ / "0000000000001234.part"; }
  fs::path Sealed() const { return directory_ / "0000000000001234.message"; }

  fs::path directory_;
  const std::string data_ = TestData(100);
};

// Appends data[from, to) in chunks of `size` bytes.
absl::Status AppendChunks(SpoolFile& file, const std::string& data, size_t to, size_t size) {
  for (size_t at = file.stored_bytes(); at < to; at += size) {
    const std::string chunk = data.substr(at, std::min(size, to - at));
    // In two pieces, as they come off the wire.
    const std::vector<std::string_view> pieces = {
        std::string_view(chunk).substr(0, chunk.size() / 2),
        std::string_view(chunk).substr(chunk.size() / 2)};
    const absl::Status appended =
        file.Append({.pieces = pieces,
                     .bytes = static_cast<int64_t>(chunk.size()),
                     .crc32c = Crc32c(chunk),
                     .message_bytes = static_cast<uint32_t>(chunk.size() + 10)});
    if (!appended.ok()) return appended;
  }
  return absl::OkStatus();
}

void WriteSealed(const Spool& spool, const std::string& data, size_t chunk) {
  const auto file = *spool.Create(kOpening);
  ASSERT_THAT(file->Record({.connection_id = 5}), IsOk());
  ASSERT_THAT(AppendChunks(*file, data, data.size(), chunk), IsOk());
  ASSERT_THAT(file->Seal(Sha256Of(data), 0), IsOk());
}

TEST_F(BobSpoolTest, GivesBackAnyPieceOfTheMessageWithAndWithoutANameForIt) {
  const Spool nameless;
  const auto named = Open();
  for (const Spool* spool : {&nameless, static_cast<const Spool*>(named.get())}) {
    const auto file = *spool->Create(kOpening);
    ASSERT_THAT(AppendChunks(*file, data_, 60, 7), IsOk());
    ASSERT_THAT(AppendChunks(*file, data_, 100, 40), IsOk());
    for (int64_t offset = 0; offset <= 101; ++offset) {
      for (int64_t size = 0; size <= 101; ++size) {
        ASSERT_EQ(*file->Read(offset, size),
                  offset < 100 ? data_.substr(offset, size) : std::string());
      }
    }
    EXPECT_EQ(file->message_count(), 10);
    EXPECT_EQ(file->message_bytes(), 200);
  }
}

TEST_F(BobSpoolTest, CommitsOnlyWhatTheDiskHas) {
  int syncs = 0;
  const auto spool = Open([&](SpoolCall call) {
    syncs += call == SpoolCall::kSync ? 1 : 0;
    return 0;
  });
  const auto file = *spool->Create(kOpening);
  ASSERT_THAT(AppendChunks(*file, data_, 50, 10), IsOk());
  EXPECT_EQ(file->stored_bytes(), 50);
  EXPECT_EQ(file->committed_bytes(), 0);
  EXPECT_EQ(syncs, 0);
  ASSERT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(file->committed_bytes(), 50);
  EXPECT_EQ(syncs, 1);
  // A long message waits for its disk every 4 MiB without being told.
  const std::string chunk(size_t{1} << 20, 'x');
  const std::vector<std::string_view> pieces = {chunk};
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(file->Append({pieces, int64_t{1} << 20, Crc32c(chunk), 1}), IsOk());
  }
  EXPECT_EQ(file->committed_bytes(), 50 + (4 << 20));
  EXPECT_EQ(syncs, 2);
}

TEST_F(BobSpoolTest, ASealedMessageIsRenamedAndFoundAgain) {
  {
    const auto spool = Open();
    WriteSealed(*spool, data_, 30);
  }
  EXPECT_FALSE(fs::exists(Part()));
  EXPECT_TRUE(fs::exists(Sealed()));
  const auto spool = Open();
  const auto files = *spool->Recover();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files[0]->sealed());
  EXPECT_EQ(files[0]->opening(), kOpening);
  EXPECT_EQ(files[0]->sha256(), Sha256Of(data_));
  EXPECT_EQ(files[0]->message_count(), 4);
  EXPECT_EQ(*files[0]->Read(0, 1000), data_);
  ASSERT_EQ(files[0]->connections().size(), 1U);
  EXPECT_EQ(files[0]->connections()[0], (SpooledConnection{.connection_id = 5}));
  files[0]->Remove();
  EXPECT_FALSE(fs::exists(Sealed()));
}

TEST_F(BobSpoolTest, WhatComesAfterTheEndIsKept) {
  const SpooledConnection counted{.connection_id = 5,
                                  .counted = true,
                                  .final = true,
                                  .clean = true,
                                  .sent_bytes = 1,
                                  .received_bytes = int64_t{1} << 40,
                                  .retransmitted_bytes = 3};
  {
    const auto spool = Open();
    const auto file = *spool->Create(kOpening);
    ASSERT_THAT(file->Record({.connection_id = 5}), IsOk());
    ASSERT_THAT(file->Record({.connection_id = 6}), IsOk());
    ASSERT_THAT(file->Seal(Sha256Of(""), 9), IsOk());
    ASSERT_THAT(file->Record(counted), IsOk());
    file->CountRepeat(79);
  }
  const auto spool = Open();
  const auto files = *spool->Recover();
  EXPECT_THAT(files[0]->connections(),
              ::testing::ElementsAre(counted, SpooledConnection{.connection_id = 6}));
  EXPECT_EQ(files[0]->message_count(), 2);
  EXPECT_EQ(files[0]->message_bytes(), 9 + 79);
}

TEST_F(BobSpoolTest, ATailTornAtAnyByteIsCutOffAndTheRestGoesOn) {
  {
    const auto spool = Open();
    const auto file = *spool->Create(kOpening);
    ASSERT_THAT(AppendChunks(*file, data_, 90, 30), IsOk());
  }
  const std::string whole = BytesOf(Part());
  const int64_t opening_bytes = kSpoolHeaderBytes + 33;
  const int64_t record_bytes = kSpoolHeaderBytes + 30;
  ASSERT_EQ(static_cast<int64_t>(whole.size()), opening_bytes + 3 * record_bytes);
  for (size_t size = 0; size <= whole.size(); ++size) {
    WriteBytes(Part(), whole.substr(0, size));
    const auto spool = Open();
    const auto files = *spool->Recover();
    if (static_cast<int64_t>(size) < opening_bytes) {
      EXPECT_TRUE(files.empty() && !fs::exists(Part()));
      continue;
    }
    ASSERT_EQ(files.size(), 1U);
    const int64_t chunks = (static_cast<int64_t>(size) - opening_bytes) / record_bytes;
    ASSERT_EQ(files[0]->committed_bytes(), 30 * chunks);
    ASSERT_EQ(static_cast<int64_t>(fs::file_size(Part())),
              opening_bytes + chunks * record_bytes);
    ASSERT_THAT(AppendChunks(*files[0], data_, 100, 23), IsOk());
    ASSERT_THAT(files[0]->Seal(Sha256Of(data_), 0), IsOk());
    ASSERT_EQ(*files[0]->Read(0, 100), data_);
    files[0]->Remove();
  }
}

TEST_F(BobSpoolTest, AnEndThatWasWrittenBeforeTheRenameSealsTheMessage) {
  {
    const auto spool = Open();
    WriteSealed(*spool, data_, 30);
  }
  fs::rename(Sealed(), Part());
  const auto spool = Open();
  const auto files = *spool->Recover();
  EXPECT_TRUE(files[0]->sealed());
  EXPECT_TRUE(fs::exists(Sealed()));
  EXPECT_EQ(*files[0]->Read(0, 100), data_);
}

TEST_F(BobSpoolTest, NoFlippedBitOfAPartIsEverRead) {
  {
    const auto spool = Open();
    const auto file = *spool->Create(kOpening);
    ASSERT_THAT(AppendChunks(*file, data_, 90, 30), IsOk());
  }
  const std::string whole = BytesOf(Part());
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    WriteBytes(Part(), flipped);
    const auto spool = Open();
    const auto files = *spool->Recover();
    const size_t record = bit / 8 < 61 ? 0 : (bit / 8 - 61) / 58;
    if (bit / 8 < 61) {
      ASSERT_TRUE(files.empty());
    } else {
      ASSERT_EQ(files[0]->committed_bytes(), static_cast<int64_t>(30 * record));
      ASSERT_EQ(*files[0]->Read(0, 100), data_.substr(0, 30 * record));
    }
  }
}

TEST_F(BobSpoolTest, EveryFlippedBitOfASealedMessageIsRefused) {
  {
    const auto spool = Open();
    WriteSealed(*spool, data_, 30);
  }
  const std::string whole = BytesOf(Sealed());
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    WriteBytes(Sealed(), flipped);
    const auto spool = Open();
    const auto files = *spool->Recover();
    if (files.empty()) continue;  // no opening: no message
    ASSERT_THAT(files[0]->Read(0, 100),
                StatusIs(Code::kDataLoss, HasSubstr("stored message")));
  }
}

TEST_F(BobSpoolTest, AMessageThatChangesWhileBobRunsIsRefusedToo) {
  const auto spool = Open();
  WriteSealed(*spool, data_, 30);
  const auto file = *spool->Create(kOpening);
  ASSERT_THAT(AppendChunks(*file, data_, 90, 30), IsOk());
  std::fstream(Part(), std::ios::in | std::ios::out | std::ios::binary).seekp(61 + 28) << '!';
  EXPECT_THAT(file->Read(0, 30), StatusIs(Code::kDataLoss, HasSubstr("changed at byte 0")));
  EXPECT_EQ(*file->Read(30, 60), data_.substr(30, 60));
}

TEST_F(BobSpoolTest, TwoProcessesDoNotShareASpool) {
  const auto first = Open();
  EXPECT_THAT(Spool::Open(directory_.string()),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another process")));
}

TEST_F(BobSpoolTest, SaysWhatIsWrongWithADirectoryThatCannotBeUsed) {
  EXPECT_THAT(Spool::Open("/nowhere/spool"),
              StatusIs(Code::kResourceExhausted, HasSubstr("/nowhere/spool")));
}

TEST_F(BobSpoolTest, RefusesMoreChunksThanItCanIndex) {
  const Spool spool;
  const auto file = *spool.Create(kOpening);
  const std::vector<std::string_view> pieces = {"x"};
  for (size_t i = 0; i < SpoolFile::kMaxChunks; ++i) {
    ASSERT_THAT(file->Append({pieces, 1, Crc32c("x"), 1}), IsOk());
  }
  EXPECT_THAT(file->Append({pieces, 1, Crc32c("x"), 1}),
              StatusIs(Code::kResourceExhausted, HasSubstr("larger ones")));
}

}  // namespace
}  // namespace kvwire
