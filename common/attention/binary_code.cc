#include "common/attention/binary_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

constexpr int64_t kLargestDims = 4096;

// Primitive polynomials over GF(2) of degrees 1, 3, 5, 7, 9, 11; bit i is the
// coefficient of x^i. Both families live in a field of odd degree.
constexpr std::array<uint32_t, 6> kPrimitive = {0x3, 0xb, 0x25, 0x83, 0x211, 0x805};

bool IsKerdock(int bits) { return bits % 2 == 0; }

int64_t LargestCode(int64_t dims) {
  // In GF(2) the cube of x is x, so at d = 2 only RM(1, 1) is left: all four words.
  if (dims == 2) return 4;
  return IsKerdock(std::countr_zero(static_cast<uint64_t>(dims))) ? dims * dims
                                                                  : 2 * dims * dims;
}

bool Parity(uint64_t x) { return std::popcount(x) % 2 != 0; }

}  // namespace

absl::StatusOr<BinaryCode> BinaryCode::Create(int64_t dims, int64_t words) {
  if (dims < 2 || dims > kLargestDims || !std::has_single_bit(static_cast<uint64_t>(dims))) {
    return absl::InvalidArgumentError(
        absl::StrCat("a binary code needs a power of two from 2 to ", kLargestDims,
                     " as its dimension, not ", dims));
  }
  if (words < 1 || words > LargestCode(dims)) {
    return absl::InvalidArgumentError(absl::StrCat("a binary code of dimension ", dims,
                                                   " has 1 to ", LargestCode(dims),
                                                   " words, not ", words));
  }
  return BinaryCode(dims, words);
}

BinaryCode::BinaryCode(int64_t dims, int64_t words)
    : dims_(dims), words_(words), bits_(std::countr_zero(static_cast<uint64_t>(dims))) {
  const int degree = IsKerdock(bits_) ? bits_ - 1 : bits_;
  const uint32_t size = uint32_t{1} << degree;
  const uint32_t order = size - 1;
  // Two periods of the powers, so that a sum of two logarithms needs no reduction.
  log_.resize(size);
  power_.resize(size_t{2} * order);
  uint32_t element = 1;
  for (uint32_t i = 0; i < order; ++i) {
    power_[i] = power_[i + order] = element;
    log_[element] = i;
    element <<= 1;
    if (element & size) element ^= kPrimitive[static_cast<size_t>(degree / 2)];
  }
  FillForm(degree);
}

void BinaryCode::FillForm(int degree) {
  const uint32_t size = uint32_t{1} << degree;
  const uint32_t order = size - 1;
  const auto trace_of_power = [&](uint64_t exponent) {
    uint32_t sum = 0;
    for (int i = 0; i < degree; ++i) sum ^= power_[(exponent << i) % order];
    return sum & 1;
  };
  // Tr(y^3) is the one term Tr(y^{2^i + 1}) with i = 1.
  const int terms = IsKerdock(bits_) ? (degree - 1) / 2 : 1;
  form_.assign(static_cast<size_t>(dims_), 0);
  for (uint32_t j = 0; j < order; ++j) {
    uint32_t value = 0;
    for (int i = 1; i <= terms; ++i) {
      value ^= trace_of_power(uint64_t{j} * ((uint64_t{1} << i) + 1));
    }
    form_[power_[j]] = static_cast<uint8_t>(value);
    if (IsKerdock(bits_)) {
      form_[size + power_[j]] = static_cast<uint8_t>(value ^ trace_of_power(j));
    }
  }
}

bool BinaryCode::Negative(int64_t word, int64_t coordinate) const {
  const auto w = static_cast<uint64_t>(word);
  const auto x = static_cast<uint64_t>(coordinate);
  const uint64_t linear = w & static_cast<uint64_t>(dims_ - 1);
  const uint64_t complement = (w >> bits_) & 1;
  const uint64_t coset = w >> (bits_ + 1);
  bool negative = Parity(linear & x) != (complement != 0);
  const uint64_t field_mask = log_.size() - 1;
  const uint64_t element = x & field_mask;
  if (coset != 0 && element != 0) {
    const uint64_t scaled = power_[log_[coset] + log_[element]];
    negative ^= form_[(x & ~field_mask) | scaled] != 0;
  }
  return negative;
}

void BinaryCode::FillCoset(uint64_t coset, absl::Span<uint8_t> form) const {
  std::fill(form.begin(), form.end(), uint8_t{0});
  if (coset == 0) return;
  const size_t mask = log_.size() - 1;
  for (size_t x = 0; x < form.size(); ++x) {
    if ((x & mask) == 0) continue;
    form[x] = form_[(x & ~mask) | power_[log_[coset] + log_[x & mask]]];
  }
}

void BinaryCode::VisitWords(int64_t first, int64_t count, WordVisitor visitor) const {
  const auto dims = static_cast<size_t>(dims_);
  std::vector<uint8_t> form(dims);
  std::vector<uint8_t> negative(dims);
  std::optional<uint64_t> filled;
  for (int64_t word = first; word < first + count; ++word) {
    const auto w = static_cast<uint64_t>(word);
    const uint64_t coset = w >> (bits_ + 1);
    if (filled != coset) FillCoset(coset, absl::MakeSpan(form));
    filled = coset;
    // <linear, x> doubles: it is the same for x + 2^i, but for the i-th bit of linear.
    negative[0] = static_cast<uint8_t>(w >> bits_ & 1);
    for (size_t half = 1, i = 0; half < dims; half *= 2, ++i) {
      const auto flip = static_cast<uint8_t>(w >> i & 1);
      for (size_t x = 0; x < half; ++x) negative[half + x] = negative[x] ^ flip;
    }
    for (size_t x = 0; x < dims; ++x) negative[x] ^= form[x];
    visitor(word, negative);
  }
}

double BinaryCode::coherence() const {
  if (words_ <= 2 * dims_) return 0;
  const double d = static_cast<double>(dims_);
  return std::sqrt((IsKerdock(bits_) ? 1 : 2) / d);
}

}  // namespace kvwire
