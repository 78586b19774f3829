// Sections, for keys and then for values: angles of pairs of numbers (content 4), those of
// pairs of radii (4; neither if a row has none), radii of blocks, binary16 (6).

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/kv/algorithms/polar_blocks.h"
#include "common/kv/algorithms/row_norm.h"
#include "common/kv/algorithms/seeded_rotation.h"
#include "common/kv/coded_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

constexpr size_t kNormBytes = kNormBits / 8;

struct PolarOptions {
  int first_bits = 0;
  int deep_bits = 0;

  static absl::StatusOr<PolarOptions> FromSpec(const AlgorithmSpec& spec) {
    KVWIRE_ASSIGN_OR_RETURN(const int64_t first, spec.IntOption("first", 4, 2, 8));
    KVWIRE_ASSIGN_OR_RETURN(const int64_t deep, spec.IntOption("deep", 2, 1, 8));
    KVWIRE_RETURN_IF_ERROR(spec.ChoiceOption("rotation", kRotations).status());
    return PolarOptions{static_cast<int>(first), static_cast<int>(deep)};
  }
};

// Rotated rows in blocks of 16, each by its angles and its radius at binary16: 62 bits for
// 16 numbers at the paper's angle bits 4, 2, 2, 2. What 16 leaves of a row is in blocks of
// 8, 4, 2, 1, whichever are in it; a single number is its radius with a sign. That costs a
// radius each, and never pads, which would spoil the density of the angles.
class PolarCodec : public RowCodec {
 public:
  PolarCodec(std::shared_ptr<const SeededRotation> rotation,
             std::shared_ptr<const PolarBlocks> blocks, const PolarOptions& options)
      : rotation_(std::move(rotation)), blocks_(std::move(blocks)), options_(options) {
    for (int64_t size = PolarBlocks::kMostNumbers, left = rotation_->width(); size > 0;) {
      if (size > left) {
        size /= 2;
        continue;
      }
      sizes_.push_back(size);
      left -= size;
    }
    for (const int64_t size : sizes_) {
      first_angles_ += size / 2;
      deep_angles_ += std::max<int64_t>(0, size / 2 - 1);
    }
  }

  // Angles of level 1, other angles, radii; those that a row has.
  std::vector<CodeField> fields() const override {
    const auto blocks = static_cast<int64_t>(sizes_.size());
    std::vector<CodeField> fields;
    if (first_angles_ > 0) {
      fields.push_back({SectionContent::kCodes, first_angles_ * options_.first_bits,
                        options_.first_bits, first_angles_});
    }
    if (deep_angles_ > 0) {
      fields.push_back({SectionContent::kCodes, deep_angles_ * options_.deep_bits,
                        options_.deep_bits, deep_angles_});
    }
    fields.push_back({SectionContent::kNorms, blocks * kNormBits, kNormBits, blocks});
    return fields;
  }

  // The rotated row is as long.
  absl::Status CheckRow(absl::Span<const float> row) const override { return CheckNorm(row); }

  void Encode(const Matrix& rows, absl::Span<PackedBits* const> out) const override {
    std::vector<double> row(rows.data(), rows.data() + rows.size());
    rotation_->Apply(absl::MakeSpan(row));
    const auto first_count = static_cast<size_t>(first_angles_);
    const auto deep_count = static_cast<size_t>(deep_angles_);
    std::vector<uint8_t> codes(first_count + deep_count + kNormBytes * sizes_.size());
    uint8_t* const deep = codes.data() + first_count;
    uint8_t* const radii = deep + deep_count;
    EncodeBlocks(row, codes.data(), deep, radii);
    if (first_count > 0) out[0]->PutAll({codes.data(), first_count}, options_.first_bits);
    if (deep_count > 0) out[1]->PutAll({deep, deep_count}, options_.deep_bits);
    out.back()->PutAll({radii, kNormBytes * sizes_.size()}, 8);
  }

  absl::Status CheckField(size_t field, const PackedBits& bits) const override {
    if (field + 1 < fields().size()) return absl::OkStatus();
    return CheckLengths(bits, static_cast<int64_t>(sizes_.size()), sizes_.back() == 1);
  }

  void Decode(absl::Span<BitReader> in, Eigen::Ref<Matrix> rows) const override {
    std::vector<double> row(static_cast<size_t>(rotation_->width()));
    absl::Span<double> left = absl::MakeSpan(row);
    for (const int64_t size : sizes_) {
      PolarBlocks::Codes codes;
      for (int64_t i = 0; i < size - 1; ++i) {
        const bool first = i < size / 2;
        codes[static_cast<size_t>(i)] = static_cast<uint8_t>(
            in[first ? 0 : 1].Take(first ? options_.first_bits : options_.deep_bits));
      }
      const double radius = NormFromBits(in.back().Take(kNormBits));
      blocks_->Decode(radius, codes, left.first(static_cast<size_t>(size)));
      left.remove_prefix(static_cast<size_t>(size));
    }
    rotation_->Invert(absl::MakeSpan(row));
    std::transform(row.begin(), row.end(), rows.row(0).begin(),
                   [](double number) { return static_cast<float>(number); });
  }

 private:
  // Writes the angles of a rotated row, as fields() has them, and the bytes of its radii.
  void EncodeBlocks(absl::Span<const double> row, uint8_t* first, uint8_t* deep,
                    uint8_t* radii) const {
    const size_t whole = row.size() / PolarBlocks::kMostNumbers;
    std::vector<double> lengths(sizes_.size());
    blocks_->EncodeWhole(row.first(whole * PolarBlocks::kMostNumbers), first, deep,
                         lengths.data());
    row.remove_prefix(whole * PolarBlocks::kMostNumbers);
    for (size_t i = 0; i < sizes_.size(); ++i) {
      const auto angles = static_cast<size_t>(sizes_[i] / 2);
      const size_t deep_angles = angles == 0 ? 0 : angles - 1;
      if (i >= whole) {
        PolarBlocks::Codes codes;
        lengths[i] = blocks_->Encode(row.first(static_cast<size_t>(sizes_[i])), codes);
        row.remove_prefix(static_cast<size_t>(sizes_[i]));
        std::copy_n(codes.begin(), angles, first);
        std::copy_n(codes.begin() + angles, deep_angles, deep);
      }
      const uint64_t radius = NormToBits(lengths[i]);
      std::memcpy(radii + kNormBytes * i, &radius, kNormBytes);
      // What decodes to zero has one spelling.
      if (radius == 0) {
        std::fill_n(first, angles, uint8_t{0});
        std::fill_n(deep, deep_angles, uint8_t{0});
      }
      first += angles;
      deep += deep_angles;
    }
  }

  std::shared_ptr<const SeededRotation> rotation_;
  std::shared_ptr<const PolarBlocks> blocks_;
  PolarOptions options_;
  std::vector<int64_t> sizes_;  // of the blocks of a row
  int64_t first_angles_ = 0;    // of a row
  int64_t deep_angles_ = 0;
};

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return PolarOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const PolarOptions options, PolarOptions::FromSpec(setup.spec));
  KVWIRE_ASSIGN_OR_RETURN(const std::shared_ptr<const SeededRotation> rotation,
                          SeededRotation::Create(setup.spec, setup.seed, setup.row_width()));
  const auto blocks =
      std::make_shared<const PolarBlocks>(options.first_bits, options.deep_bits);
  const auto codec = [&] { return std::make_unique<PolarCodec>(rotation, blocks, options); };
  return CodedCache::Create(setup, codec(), codec());
}

constexpr AlgorithmOption kOptions[] = {
    {"deep", "2", "bits of an angle between radii"},
    {"first", "4", "bits of an angle between two numbers"},
    {"rotation", "hadamard", "of the rows: hadamard, or dense, uniform as in the paper"},
};

}  // namespace

KvAlgorithm DescribePolarquant() {
  return {.name = "polarquant",
          .code = 11,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "PolarQuant: rotated rows in blocks of 16 by angles and a radius",
          .reference = "Han, Kacham, Karbasi, Mirrokni, Zandieh 2025, arXiv 2502.02617",
          .state_bits =
              "2 n (first h + deep (h - B + d mod 2) + 16 B); h = floor(d/2), "
              "B = floor(d/16) and one more for each binary 1 of d mod 16",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
