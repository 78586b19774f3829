// KIVI. Sections: codes and ends of the keys' groups and the keys that wait, then the same
// of the values. Codes go token by token, ends as GridEnds has them: of keys one pair a
// channel for each G tokens, of values one a group of channels for each token.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/coded_cache.h"
#include "common/kv/grid_codes.h"
#include "common/kv/grid_ends.h"
#include "common/kv/registry.h"
#include "common/kv/token_group_codec.h"

namespace kvwire {
namespace {

constexpr int64_t kMaxResidual = 65536;

struct Options {
  int code_bits = 2;       // b
  int64_t group = 32;      // G
  int64_t residual = 128;  // R

  static absl::StatusOr<Options> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<Options> Options::FromSpec(const AlgorithmSpec& spec) {
  Options options;
  KVWIRE_ASSIGN_OR_RETURN(const int64_t bits,
                          spec.IntOption("bits", 2, 1, MinMaxGrid::kMaxCodeBits));
  options.code_bits = static_cast<int>(bits);
  KVWIRE_ASSIGN_OR_RETURN(options.group, spec.IntOption("group", 32, 1, kMaxResidual));
  KVWIRE_ASSIGN_OR_RETURN(options.residual, spec.IntOption("residual", 128, 1, kMaxResidual));
  if (options.residual % options.group != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm kivi: residual=", options.residual,
                     " is not a multiple of group=", options.group));
  }
  return options;
}

// Quantises keys by channel: of R tokens that are taken together, each channel in groups
// of G consecutive tokens.
class ChannelGroupCodec : public RowCodec {
 public:
  ChannelGroupCodec(int64_t width, const Options& options)
      : width_(width), options_(options) {}

  int64_t group_rows() const override { return options_.residual; }

  std::vector<CodeField> fields() const override {
    const int64_t groups = options_.residual / options_.group;
    return {{SectionContent::kCodes, options_.residual * width_ * options_.code_bits,
             options_.code_bits, width_},
            {SectionContent::kScales, groups * width_ * kEnds.bits(), kEnds.bits() / 2,
             2 * width_}};
  }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    const auto width = static_cast<size_t>(width_);
    RowGrids grids(width);
    std::vector<uint8_t> codes(width);
    for (int64_t first = 0; first < rows.rows(); first += options_.group) {
      const auto group = rows.middleRows(first, options_.group);
      Cover(group, grids);
      for (size_t j = 0; j < width; ++j) {
        const uint64_t ends = kEnds.Cover(grids.lows[j], grids.highs[j]);
        out[1]->Put(ends, kEnds.bits());
        grids.lows[j] = kEnds.Low(ends);
        grids.highs[j] = kEnds.High(ends);
      }
      for (int64_t i = 0; i < group.rows(); ++i) {
        CodeRow({group.row(i).data(), width}, grids, options_.code_bits, codes.data());
        out[0]->PutAll(codes, options_.code_bits);
      }
    }
  }

  absl::Status CheckField(size_t field, const PackedBits& bits) const override {
    return field == 0 ? absl::OkStatus() : kEnds.CheckField(bits);
  }

  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override {
    std::vector<MinMaxGrid> grids;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      if (i % options_.group == 0) {
        grids.clear();
        for (int64_t j = 0; j < width_; ++j) {
          grids.push_back(kEnds.Grid(in[1].Take(kEnds.bits()), options_.code_bits));
        }
      }
      for (int64_t j = 0; j < width_; ++j) {
        const auto code = static_cast<uint32_t>(in[0].Take(options_.code_bits));
        rows(i, j) = grids[static_cast<size_t>(j)].Value(code);
      }
    }
  }

 private:
  static constexpr GridEnds kEnds{SmallFloat::kBinary16};

  // The least and the greatest number of each channel.
  static void Cover(const Eigen::Ref<const Matrix>& group, RowGrids& grids) {
    for (int64_t i = 0; i < group.rows(); ++i) {
      const float* row = group.row(i).data();
      for (size_t j = 0; j < grids.lows.size(); ++j) {
        grids.lows[j] = i == 0 || row[j] < grids.lows[j] ? row[j] : grids.lows[j];
        grids.highs[j] = i == 0 || row[j] > grids.highs[j] ? row[j] : grids.highs[j];
      }
    }
  }

  int64_t width_;
  Options options_;
};

// Values are quantised by token, and the last R of them not at all.
absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const Options options, Options::FromSpec(setup.spec));
  const int64_t width = setup.row_width();
  const TokenGroupCodec::Layout values = {.width = width,
                                          .code_bits = options.code_bits,
                                          .group = options.group,
                                          .recent_rows = options.residual};
  return CodedCache::Create(setup, std::make_unique<ChannelGroupCodec>(width, options),
                            std::make_unique<TokenGroupCodec>(values));
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return Options::FromSpec(spec).status();
}

constexpr AlgorithmOption kOptions[] = {
    {"bits", "2", "of a code"},
    {"group", "32", "tokens of a channel, for keys, or channels of a token, for values"},
    {"residual", "128", "tokens at binary16: keys until so many are there, the last values"},
};

}  // namespace

KvAlgorithm DescribeKivi() {
  return {.name = "kivi",
          .code = 8,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "keys quantised by channel, values by token, recent ones at 16 bits",
          .reference = "Liu et al. 2024, arXiv 2402.02750",
          .state_bits =
              "K (b + 32 / G) d + V (b d + 32 ceil(d / G)) + 16 (2 n - K - V) d, "
              "K = n - n mod R, V = max(0, n - R)",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
