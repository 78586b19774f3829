#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/portable_math.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/block_tokens.h"
#include "common/kv/algorithms/count_section.h"
#include "common/kv/algorithms/feature_sums.h"
#include "common/kv/algorithms/recent_rows.h"
#include "common/kv/algorithms/row_pieces.h"
#include "common/kv/algorithms/section_sequence.h"
#include "common/kv/algorithms/weighted_rows.h"
#include "common/kv/registry.h"
#include "common/kv/score_scale.h"
#include "common/kv/token_rows.h"

namespace kvwire {
namespace {

constexpr double kNoMass = -std::numeric_limits<double>::infinity();  // ln 0

struct ScatterOptions {
  int64_t features = 0;  // 0: d ln d
  int64_t window = 0;

  static absl::StatusOr<ScatterOptions> FromSpec(const AlgorithmSpec& spec);
  int64_t Features(int64_t dims) const;
};

absl::StatusOr<ScatterOptions> ScatterOptions::FromSpec(const AlgorithmSpec& spec) {
  ScatterOptions options;
  KVWIRE_ASSIGN_OR_RETURN(options.features, spec.IntOption("features", 0, 0, 1 << 24));
  KVWIRE_ASSIGN_OR_RETURN(options.window, spec.IntOption("window", 64, 0, int64_t{1} << 32));
  return options;
}

int64_t ScatterOptions::Features(int64_t dims) const {
  if (features > 0) return features;
  const auto d = static_cast<double>(dims);
  return std::max(int64_t{1}, static_cast<int64_t>(d * PortableLog(d) + 0.5));
}

// Scatterbrain: the last tokens exactly, all before them in sums of softmax features. As
// published the sums are over all tokens, and the features of the window are subtracted
// from both sums of attention again, so a denominator can come out negative. Here a token
// enters the sums when it leaves the window: the same estimate, always over positive terms.
// Zero tokens are counted, and weigh e^0 each, exactly. Memory is constant in n; the error
// grows like e^{||q + k||^2} (softmax_features.h), so that with unit keys and queries of
// norm above 3 or so the sums tell nothing.
// Sections: the number of tokens that are not zero; for each feature the sum of its weights,
// then those of weighted values; the window, oldest token first.
class ScatterbrainCache : public KvCache {
 public:
  ScatterbrainCache(const CacheSetup& setup, const ScatterOptions& options, double scale)
      : setup_(setup),
        scale_(scale),
        capacity_(options.window),
        window_(options.window, 2 * setup.dims),
        sums_(options.Features(setup.dims), setup.dims, scale, setup.seed) {}

  // Checks the memory of what `stored` tokens among `tokens` leave.
  absl::Status CheckTokens(int64_t stored, int64_t tokens) const;

  absl::Status Append(const TokenBlock& block) override;
  absl::Status Attend(const Eigen::Ref<const Matrix>& queries,
                      Eigen::Ref<Matrix> out) const override;
  int64_t tokens() const override { return tokens_; }

  std::vector<SnapshotSection> Sections() const override {
    return {CountSectionOf(CountIfAny(stored_).size(), tokens_),
            {SectionContent::kSums, 8 * SumRows() * sums_.row_bytes(), 8, sums_.row_bytes()},
            {SectionContent::kRows32, 8 * WindowRows() * window_.row_bytes(), 8,
             window_.row_bytes()}};
  }
  absl::Status WriteSection(size_t index, ByteSink sink) const override;
  absl::Status BeginSection(int64_t tokens, SnapshotSection section) override;
  absl::Status RestoreBytes(std::string_view piece) override;
  absl::Status EndRestore() override;

 private:
  int64_t Passed(int64_t n) const { return std::max(int64_t{0}, n - capacity_); }
  int64_t SumRows() const { return Passed(stored_) > 0 ? sums_.features() : 0; }
  int64_t WindowRows() const { return std::min(stored_, capacity_); }

  // Adds what leaves the window when `tokens` come.
  absl::Status Absorb(const BlockTokens& tokens, FeatureSums& sums) const;
  // The outputs over the window and the zero tokens, and ln of what these weigh.
  void AttendWindow(const Eigen::Ref<const Matrix>& queries, Eigen::Ref<Matrix> out,
                    absl::Span<double> log_masses) const;
  absl::Status BeginRows(size_t index, SnapshotSection section);
  absl::Status RestoreToken(std::string_view bytes);
  absl::Status EndSection(size_t index);

  CacheSetup setup_;
  double scale_;
  int64_t capacity_;
  int64_t tokens_ = 0;
  int64_t stored_ = 0;  // of these, not zero
  RecentRows window_;
  FeatureSums sums_;

  SectionSequence restoring_{3};
  CountSection counts_section_;
  RowSection rows_section_;
};

absl::Status ScatterbrainCache::CheckTokens(int64_t stored, int64_t tokens) const {
  const int64_t counter_bytes = CountSectionOf(CountIfAny(stored).size(), tokens).bytes();
  const int64_t window_bytes =
      SaturatingProduct(std::min(stored, capacity_), window_.row_bytes());
  const int64_t sums_bytes = Passed(stored) > 0 ? sums_.bytes() : 0;
  return CheckMemory(SaturatingSum(SaturatingSum(window_bytes, sums_bytes), counter_bytes),
                     setup_.memory_limit_bytes);
}

absl::Status ScatterbrainCache::Absorb(const BlockTokens& tokens, FeatureSums& sums) const {
  const int64_t leaving = Passed(stored_ + tokens.size()) - Passed(stored_);
  const auto dims = static_cast<size_t>(setup_.dims);
  for (int64_t i = 0; i < leaving; ++i) {
    const int64_t token = i - window_.rows();
    if (token >= 0) {
      KVWIRE_RETURN_IF_ERROR(sums.Add(tokens.key(token), tokens.value(token)));
    } else {
      const auto row = window_.row(i);
      KVWIRE_RETURN_IF_ERROR(sums.Add(row.first(dims), row.last(dims)));
    }
  }
  return absl::OkStatus();
}

absl::Status ScatterbrainCache::Append(const TokenBlock& block) {
  KVWIRE_RETURN_IF_ERROR(CheckBlock(block, setup_, tokens_));
  const BlockTokens tokens(block, setup_.dims);
  KVWIRE_RETURN_IF_ERROR(CheckTokens(stored_ + tokens.size(), tokens_ + block.rows));
  if (Passed(stored_ + tokens.size()) > Passed(stored_)) {
    FeatureSums sums = sums_;
    KVWIRE_RETURN_IF_ERROR(Absorb(tokens, sums));
    sums_ = std::move(sums);
  }
  std::vector<float> row;
  for (int64_t i = 0; i < tokens.size(); ++i) {
    row.assign(tokens.key(i).begin(), tokens.key(i).end());
    row.insert(row.end(), tokens.value(i).begin(), tokens.value(i).end());
    window_.Push(row);
  }
  stored_ += tokens.size();
  tokens_ += block.rows;
  return absl::OkStatus();
}

void ScatterbrainCache::AttendWindow(
    const Eigen::Ref<const Matrix>& queries,
    // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
    Eigen::Ref<Matrix> out, absl::Span<double> log_masses) const {
  const int64_t zeros = tokens_ - stored_;
  if (window_.rows() == 0 && zeros == 0) {
    out.setZero();
    std::fill(log_masses.begin(), log_masses.end(), kNoMass);
    return;
  }
  const auto dims = static_cast<size_t>(setup_.dims);
  const auto rows = [&](BlockVisitor visitor) {
    WeightedRows weighted(setup_.dims, visitor);
    for (int64_t i = 0; i < window_.rows(); ++i) {
      weighted.Add(window_.row(i).first(dims), window_.row(i).last(dims), 0);
    }
    weighted.Finish();
  };
  const Matrix scaled = queries * static_cast<float>(scale_);
  SoftmaxAttentionWithMass(scaled, rows, zeros, out, log_masses);
}

absl::Status ScatterbrainCache::Attend(
    const Eigen::Ref<const Matrix>& queries,
    // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
    Eigen::Ref<Matrix> out) const {
  KVWIRE_RETURN_IF_ERROR(CheckAttend(tokens_, setup_.dims, queries, out));
  std::vector<double> masses(static_cast<size_t>(queries.rows()));
  std::vector<double> sum_masses(masses.size());
  Matrix sums(queries.rows(), queries.cols());
  AttendWindow(queries, out, absl::MakeSpan(masses));
  sums_.Attend(queries, sums, absl::MakeSpan(sum_masses));
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const double top = std::max(masses[q], sum_masses[q]);
    if (top == kNoMass) continue;
    const double window_mass = std::exp(masses[q] - top);
    const double share = window_mass / (window_mass + std::exp(sum_masses[q] - top));
    out.row(q) =
        out.row(q) * static_cast<float>(share) + sums.row(q) * static_cast<float>(1 - share);
  }
  return CheckAnswer(out);
}

absl::Status ScatterbrainCache::WriteSection(size_t index, ByteSink sink) const {
  if (index == 0) return PackCounts(CountIfAny(stored_), tokens_).Write(sink);
  RowPieces pieces(sink);
  if (index == 1) {
    for (int64_t i = 0; i < sums_.rows(); ++i) pieces.Add(sums_.row(i));
  } else {
    for (int64_t i = 0; i < window_.rows(); ++i) pieces.Add(window_.row(i));
  }
  return pieces.Finish();
}

absl::Status ScatterbrainCache::BeginRows(size_t index, SnapshotSection section) {
  const SnapshotSection due = Sections()[index];
  rows_section_ = RowSection();
  KVWIRE_RETURN_IF_ERROR(rows_section_.Begin(section, due.content, due.row_symbols));
  if (section.bits == due.bits) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a section of ", section.bits, " bits where ", due.bits, " are due"));
}

absl::Status ScatterbrainCache::BeginSection(int64_t tokens, SnapshotSection section) {
  tokens_ = tokens;
  return restoring_.Next([this](size_t index) { return EndSection(index); },
                         [&](size_t index) {
                           return index == 0 ? counts_section_.Begin(tokens, section, 1)
                                             : BeginRows(index, section);
                         });
}

absl::Status ScatterbrainCache::RestoreBytes(std::string_view piece) {
  const size_t index = restoring_.current();
  if (index == 0) return counts_section_.Append(piece);
  return rows_section_.Append(piece, [&](std::string_view bytes) {
    return index == 1 ? sums_.AppendParsed(bytes) : RestoreToken(bytes);
  });
}

absl::Status ScatterbrainCache::RestoreToken(std::string_view bytes) {
  SlotRows token(2 * setup_.dims);
  KVWIRE_RETURN_IF_ERROR(token.AppendParsedToken(bytes));
  window_.Push(token.row(0));
  return absl::OkStatus();
}

absl::Status ScatterbrainCache::EndSection(size_t index) {
  if (index > 0) return rows_section_.End();
  KVWIRE_ASSIGN_OR_RETURN(stored_, counts_section_.EndOnly());
  return CheckTokens(stored_, tokens_);
}

absl::Status ScatterbrainCache::EndRestore() {
  return restoring_.Finish([this](size_t index) { return EndSection(index); });
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return ScatterOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const ScatterOptions options, ScatterOptions::FromSpec(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const double scale, ScoreScale(setup.spec, setup.dims));
  auto cache = std::make_unique<ScatterbrainCache>(setup, options, scale);
  if (setup.frame.has_value()) {
    KVWIRE_RETURN_IF_ERROR(cache->CheckTokens(setup.frame->rows(), setup.frame->rows()));
  }
  return cache;
}

constexpr AlgorithmOption kOptions[] = {
    {"features", "0", "softmax features; 0: d ln d"},
    {"window", "64", "most recent tokens kept as they are"},
};

}  // namespace

KvAlgorithm DescribeScatterbrain() {
  return {.name = "scatterbrain",
          .code = 25,
          .kind = AlgorithmKind::kSketch,
          .summary = "a window of the last tokens, sums of Performer features of all others",
          .reference = "Chen, Dao, Winsor, Song, Rudra, Re 2021, arXiv 2110.15343",
          .state_bits =
              "N tokens with the zero ones: 64 d min(n, window) + ceil(log2(N + 1)), and if n "
              "> window 32 features (d + 1) more",
          .options = kOptions,
          .attention = AttentionSupport::kOrdinary,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
