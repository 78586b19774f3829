// What Ingest takes, and what it refuses.

#include <cstring>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/conformance/case.h"
#include "client/conformance/expectations.h"
#include "client/conformance/session.h"
#include "common/base/status_macros.h"

namespace kvwire::conformance {
namespace {

using Code = absl::StatusCode;
using Blocks = std::vector<v1::IngestRequest>;

Finding TakesTokens(const Subject& subject) {
  if (subject.refusal.empty()) return absl::OkStatus();
  return Fault("tokens, of a public frame or not, with d of 8, 32, 64, 128 or 256",
               "to be taken", subject.refusal);
}

Finding EqualSetupsGiveEqualBytes(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto first, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *first));
  for (int again = 0; again < 2; ++again) {
    KVWIRE_ASSIGN_OR_RETURN(const auto second, OpenAfter(subject, subject.Stream()));
    KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *second));
    KVWIRE_RETURN_IF_ERROR(ExpectSameView("equal setups and tokens", expected, got));
  }
  return absl::OkStatus();
}

Finding TokensAreCounted(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  KVWIRE_ASSIGN_OR_RETURN(v1::IngestResponse state, session->State());
  KVWIRE_RETURN_IF_ERROR(ExpectEqual("token_count of an empty cache", 0, state.token_count()));
  int64_t tokens = 0;
  v1::IngestRequest zeros;
  zeros.set_rows(3);
  zeros.set_closes_scale(true);
  for (const v1::IngestRequest& block : subject.Stream()) {
    KVWIRE_ASSIGN_OR_RETURN(state, session->Append({block, zeros}));
    tokens += block.rows() + 3;
    KVWIRE_RETURN_IF_ERROR(ExpectEqual("token_count", tokens, state.token_count()));
  }
  return absl::OkStatus();
}

// The stream in blocks of `rows` rows.
Blocks InBlocksOf(const Subject& subject, int64_t rows) {
  Blocks blocks;
  int64_t first = 0;
  for (const int64_t scale : kScales) {
    for (int64_t done = 0; done < scale; done += rows) {
      const int64_t count = std::min(rows, scale - done);
      blocks.push_back(subject.tokens().Block(first + done, count, done + count == scale));
    }
    first += scale;
  }
  return blocks;
}

Finding BlocksEqualRows(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const auto whole, OpenAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *whole));
  for (const int64_t rows : {1, 7, 32}) {
    KVWIRE_ASSIGN_OR_RETURN(const auto cut, OpenAfter(subject, InBlocksOf(subject, rows)));
    KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *cut));
    KVWIRE_RETURN_IF_ERROR(
        ExpectSameView(absl::StrCat("the scales in blocks of ", rows), expected, got));
  }
  return absl::OkStatus();
}

Finding StreamsEqualOneStream(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected,
                          SnapshotAfter(subject, subject.Stream()));
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  for (const v1::IngestRequest& block : InBlocksOf(subject, 11)) {
    KVWIRE_RETURN_IF_ERROR(session->Append({block}).status());
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, session->Snapshot());
  return ExpectSameBytes("a stream a block", expected, got);
}

Finding EmptyBlocksDoNothing(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected,
                          SnapshotAfter(subject, subject.Stream()));
  Blocks blocks;
  for (const v1::IngestRequest& block : InBlocksOf(subject, 13)) {
    blocks.emplace_back();
    blocks.push_back(block);
    blocks.emplace_back();
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, SnapshotAfter(subject, blocks));
  return ExpectSameBytes("with empty blocks between", expected, got);
}

Finding AnEmptyBlockClosesTheScale(const Subject& subject) {
  KVWIRE_ASSIGN_OR_RETURN(const std::string expected,
                          SnapshotAfter(subject, subject.Stream()));
  Blocks blocks;
  for (v1::IngestRequest block : subject.Stream()) {
    block.set_closes_scale(false);
    blocks.push_back(block);
    blocks.push_back(ClosingBlock());
  }
  KVWIRE_ASSIGN_OR_RETURN(const std::string got, SnapshotAfter(subject, blocks));
  return ExpectSameBytes("scales closed by an empty block", expected, got);
}

Finding NoBytesAreZeros(const Subject& subject) {
  const int64_t width = subject.tokens().width();
  v1::IngestRequest none;
  none.set_rows(9);
  none.set_closes_scale(true);
  v1::IngestRequest written = none;
  written.set_queries(std::string(4 * 9 * subject.tokens().dims(), '\0'));
  written.set_keys(std::string(4 * 9 * width, '\0'));
  written.set_values(std::string(4 * 9 * width, '\0'));
  const Blocks stream = subject.Stream();
  KVWIRE_ASSIGN_OR_RETURN(const auto first, OpenAfter(subject, {stream[0], none, stream[1]}));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *first));
  KVWIRE_ASSIGN_OR_RETURN(const auto second,
                          OpenAfter(subject, {stream[0], written, stream[1]}));
  KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, *second));
  return ExpectSameView("zeros written out", expected, got);
}

// Appends `bad` after a good block of the same stream: it must be refused and the good
// block kept.
absl::Status ExpectBlockRefused(const Subject& subject, std::string_view what,
                                v1::IngestRequest bad) {
  const v1::IngestRequest good = subject.tokens().Block(0, 4);
  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  v1::IngestRequest first = good;
  first.set_session_id(session->id());
  bad.set_session_id(session->id());
  const std::string name(what);
  KVWIRE_RETURN_IF_ERROR(ExpectError(absl::StrCat("Ingest of ", name),
                                     subject.plug_in.Ingest({first, bad}).status(),
                                     {Code::kInvalidArgument}));
  const auto kept = subject.plug_in.Ingest({[&] {
    v1::IngestRequest ask;
    ask.set_session_id(session->id());
    return ask;
  }()});
  const std::string after = absl::StrCat("after ", name, " was refused");
  KVWIRE_RETURN_IF_ERROR(ExpectOk(after, kept.status()));
  return ExpectEqual(absl::StrCat("token_count ", after), 4, kept->token_count());
}

Finding WrongLengthsAreRefused(const Subject& subject) {
  const v1::IngestRequest good = subject.tokens().Block(4, 5);
  using Field = std::string* (v1::IngestRequest::*)();
  constexpr std::pair<const char*, Field> kFields[] = {
      {"queries", &v1::IngestRequest::mutable_queries},
      {"keys", &v1::IngestRequest::mutable_keys},
      {"values", &v1::IngestRequest::mutable_values}};
  for (const auto& [name, field] : kFields) {
    v1::IngestRequest bad = good;
    (bad.*field)()->pop_back();
    KVWIRE_RETURN_IF_ERROR(
        ExpectBlockRefused(subject, absl::StrCat(name, " a byte too short"), bad));
    (bad.*field)()->append(5, '\0');
    KVWIRE_RETURN_IF_ERROR(
        ExpectBlockRefused(subject, absl::StrCat(name, " a number too long"), bad));
  }
  v1::IngestRequest bad = good;
  bad.set_rows(6);
  KVWIRE_RETURN_IF_ERROR(ExpectBlockRefused(subject, "5 rows said to be 6", bad));
  bad.set_rows(0);
  KVWIRE_RETURN_IF_ERROR(ExpectBlockRefused(subject, "5 rows said to be 0", bad));
  bad.set_rows(-1);
  KVWIRE_RETURN_IF_ERROR(ExpectBlockRefused(subject, "-1 rows", bad));
  // rows x d x 4 is 0 in 64 bits.
  bad.set_rows(int64_t{1} << 62);
  return ExpectBlockRefused(subject, "5 rows said to be 2^62", bad);
}

Finding NumbersThatAreNotFiniteAreRefused(const Subject& subject) {
  constexpr std::pair<const char*, float> kBad[] = {
      {"a NaN", std::numeric_limits<float>::quiet_NaN()},
      {"infinity", std::numeric_limits<float>::infinity()},
      {"-infinity", -std::numeric_limits<float>::infinity()}};
  for (const auto& [name, number] : kBad) {
    for (const int matrix : {0, 1, 2}) {
      v1::IngestRequest bad = subject.tokens().Block(4, 5);
      std::string& bytes = *(matrix == 0   ? bad.mutable_queries()
                             : matrix == 1 ? bad.mutable_keys()
                                           : bad.mutable_values());
      std::memcpy(bytes.data() + bytes.size() - sizeof(float), &number, sizeof(float));
      constexpr const char* kMatrices[] = {"queries", "keys", "values"};
      KVWIRE_RETURN_IF_ERROR(
          ExpectBlockRefused(subject, absl::StrCat(name, " in ", kMatrices[matrix]), bad));
    }
  }
  return absl::OkStatus();
}

Finding ARefusedBlockLeavesNoTrace(const Subject& subject) {
  const Blocks stream = subject.Stream();
  v1::IngestRequest bad = stream[2];
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bad.mutable_values()->data() + bad.values().size() - sizeof(float), &nan,
              sizeof(float));
  KVWIRE_ASSIGN_OR_RETURN(const auto plain, OpenAfter(subject, stream));
  KVWIRE_ASSIGN_OR_RETURN(const View expected, ViewOf(subject, *plain));

  KVWIRE_ASSIGN_OR_RETURN(const auto session, Session::Open(subject.plug_in, subject.open));
  Blocks broken = {stream[0], stream[1], bad};
  for (v1::IngestRequest& block : broken) block.set_session_id(session->id());
  KVWIRE_RETURN_IF_ERROR(ExpectError("Ingest of a block whose last number is a NaN",
                                     subject.plug_in.Ingest(broken).status(),
                                     {Code::kInvalidArgument}));
  // The count that Append checks begins anew.
  Session resumed(subject.plug_in, session->id(), 5);
  KVWIRE_RETURN_IF_ERROR(resumed.Append({stream[2], stream[3], stream[4]}).status());
  KVWIRE_ASSIGN_OR_RETURN(const View got, ViewOf(subject, resumed));
  return ExpectSameView("going on after a refused block", expected, got);
}

Finding MegabyteBlocksAreTaken(const Subject& subject) {
  Subject wide = subject;
  wide.open.mutable_parameters()->set_dims(256);
  const absl::StatusOr<int64_t> opened = wide.plug_in.Open(wide.open);
  if (opened.status().code() == Code::kInvalidArgument) {
    return NotApplicable(absl::StrCat("d = 256 is refused: ", StatusText(opened.status())));
  }
  KVWIRE_RETURN_IF_ERROR(ExpectOk("Open with d = 256", opened.status()));
  Session session(wide.plug_in, *opened, 0);
  return session.Append({wide.tokens().Block(0, 1024)}).status();
}

constexpr Case kCases[] = {
    {kTakesTokens, "the algorithm takes tokens of the test stream", TakesTokens},
    {kSameBytes, "equal setups and tokens give equal snapshots and answers, to the bit",
     EqualSetupsGiveEqualBytes},
    {"token-count-complete", "every token counts, zero ones too, and nothing else",
     TokensAreCounted},
    {"blocks-equal-rows",
     "a scale in blocks or row by row gives the same state",
     BlocksEqualRows,
     {kSameBytes}},
    {"streams-equal-one-stream",
     "one Ingest or many give the same state",
     StreamsEqualOneStream,
     {kSameBytes}},
    {"empty-blocks-do-nothing",
     "a block of 0 rows that closes nothing changes nothing",
     EmptyBlocksDoNothing,
     {kSameBytes}},
    {"empty-block-closes-scale",
     "a block of 0 rows can close the scale",
     AnEmptyBlockClosesTheScale,
     {kSameBytes}},
    {"no-bytes-are-zeros",
     "an empty field and zeros written out are the same",
     NoBytesAreZeros,
     {kSameBytes}},
    {"wrong-lengths-refused", "bytes that are not rows x width x 4 are INVALID_ARGUMENT",
     WrongLengthsAreRefused},
    {"not-finite-refused", "a NaN or an infinity in any matrix is INVALID_ARGUMENT",
     NumbersThatAreNotFiniteAreRefused},
    {"refused-block-leaves-no-trace",
     "of a stream with a bad block the blocks before it are kept, and none of it",
     ARefusedBlockLeavesNoTrace,
     {kSameBytes}},
    {"megabyte-blocks-taken", "a request of three matrices of 1 MiB is taken",
     MegabyteBlocksAreTaken},
};

}  // namespace

absl::Span<const Case> TokenCases() { return kCases; }

}  // namespace kvwire::conformance
