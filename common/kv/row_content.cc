#include "common/kv/row_content.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "common/base/little_endian.h"
#include "common/base/wide_loop.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define KVWIRE_HAS_AVX2
#endif

namespace kvwire {
namespace {

// What is asked of a number is asked of its bits, without a branch, so that compilers do many
// numbers at once.
template <typename Number>
struct Layout;

template <>
struct Layout<float> {
  using Bits = uint32_t;
  static constexpr Bits kSign = 0x80000000;
  static constexpr Bits kLastExponentBit = 0x00800000;
  static Bits Rounded(uint32_t bits) { return bits; }
};

template <>
struct Layout<Eigen::half> {
  using Bits = uint16_t;
  static constexpr Bits kSign = 0x8000;
  static constexpr Bits kLastExponentBit = 0x0400;

  // To nearest, ties to even: what is at least 2^-14 by integers, what is less by the sum with
  // a number whose last bit is that of the smallest ones.
  static Bits Rounded(uint32_t bits) {
    constexpr uint32_t kInfinity = 0x7c00;
    constexpr uint32_t kLeastInfinite = 143U << 23;  // 2^16
    constexpr uint32_t kLeastNormal = 113U << 23;    // 2^-14
    constexpr uint32_t kHalf = 126U << 23;
    const uint32_t size = bits & 0x7fffffffU;
    const uint32_t odd = size >> 13 & 1;
    const uint32_t normal = (size - (112U << 23) + 0xfff + odd) >> 13;
    const uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(size) + 0.5F) - kHalf;
    const uint32_t nan = size > (255U << 23) ? 0x200 : 0;
    const uint32_t finite = size < kLeastNormal ? small : normal;
    const uint32_t rounded = size < kLeastInfinite ? finite : kInfinity | nan;
    return static_cast<Bits>(rounded | (bits >> 16 & 0x8000U));
  }
};

template <>
struct Layout<Eigen::bfloat16> {
  using Bits = uint16_t;
  static constexpr Bits kSign = 0x8000;
  static constexpr Bits kLastExponentBit = 0x0080;

  static Bits Rounded(uint32_t bits) {
    const uint32_t nan = (bits & 0x7fffffffU) > (255U << 23) ? 0x400000 : 0;
    const uint32_t odd = bits >> 16 & 1;
    return static_cast<Bits>(nan != 0 ? (bits | nan) >> 16 : (bits + 0x7fff + odd) >> 16);
  }
};

// A number without its sign is 0 if no bit is set, and not finite if its exponent is all ones:
// then one more in it is a carry to where the sign was.
template <typename Number>
class Contents {
 public:
  using Bits = typename Layout<Number>::Bits;

  void Add(Bits bits) {
    const Bits size = bits & static_cast<Bits>(~Layout<Number>::kSign);
    Add(size, static_cast<Bits>(size + Layout<Number>::kLastExponentBit));
  }
  // Of numbers some of whose bits these are, without signs, and those of all the sums.
  void Add(Bits any, Bits carries) {
    any_ |= any;
    carries_ |= carries;
  }
  RowContent Result() const {
    if ((carries_ & Layout<Number>::kSign) != 0) return RowContent::kNotFinite;
    return any_ == 0 ? RowContent::kZero : RowContent::kFinite;
  }

 private:
  Bits any_ = 0;
  Bits carries_ = 0;
};

// The loops, to be compiled for several instruction sets.
template <typename Number>
[[gnu::always_inline]] inline RowContent ContentLoop(absl::Span<const Number> row) {
  Contents<Number> contents;
  for (const Number number : row) {
    contents.Add(Eigen::numext::bit_cast<typename Layout<Number>::Bits>(number));
  }
  return contents.Result();
}

template <typename Number>
[[gnu::always_inline]] inline RowContent RoundLoop(absl::Span<const float> row, Number* out) {
  Contents<Number> contents;
  for (size_t i = 0; i < row.size(); ++i) {
    const auto bits = Layout<Number>::Rounded(std::bit_cast<uint32_t>(row[i]));
    contents.Add(bits);
    out[i] = Eigen::numext::bit_cast<Number>(bits);
  }
  return contents.Result();
}

template <typename Number>
[[gnu::always_inline]] inline RowContent CopyLoop(const char* bytes, absl::Span<Number> out) {
  Contents<Number> contents;
  for (size_t i = 0; i < out.size(); ++i) {
    const auto bits =
        LoadLittleEndian<typename Layout<Number>::Bits>(bytes + i * sizeof(Number));
    contents.Add(bits);
    out[i] = Eigen::numext::bit_cast<Number>(bits);
  }
  return contents.Result();
}

#ifdef __SSE2__
// As CopyLoop, past the caches: of a whole number of vectors, to an aligned place. Until
// FinishStreams other threads may not see it.
template <typename Number>
RowContent StreamRow(const char* bytes, absl::Span<Number> out) {
  using Vector [[gnu::vector_size(16)]] = typename Layout<Number>::Bits;
  constexpr auto kSign = Layout<Number>::kSign;
  Vector any = {};
  Vector carries = {};
  for (size_t i = 0; i < out.size() * sizeof(Number); i += sizeof(Vector)) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    _mm_stream_si128(reinterpret_cast<__m128i*>(reinterpret_cast<char*>(out.data()) + i),
                     bits);
    const Vector size = std::bit_cast<Vector>(bits) & static_cast<decltype(kSign)>(~kSign);
    any |= size;
    carries |= size + Layout<Number>::kLastExponentBit;
  }
  Contents<Number> contents;
  for (size_t i = 0; i < sizeof(Vector) / sizeof(Number); ++i)
    contents.Add(any[i], carries[i]);
  return contents.Result();
}

void FinishStreams() { _mm_sfence(); }

template <typename Number>
bool CanStream(const Number* to, int64_t width) {
  const auto address = reinterpret_cast<uintptr_t>(to);
  return (address | static_cast<uintptr_t>(width) * sizeof(Number)) % sizeof(__m128i) == 0;
}
#endif

#ifdef KVWIRE_HAS_AVX2
// Clang 14 does not know "f16c" in __builtin_cpu_supports.
bool HasF16c() {
  unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

bool HasAvx2() {
  static const bool has = MachineHasAvx2() && HasF16c();
  return has;
}

template <typename Number>
[[gnu::target("avx2")]] RowContent ContentAvx2(absl::Span<const Number> row) {
  return ContentLoop(row);
}

template <typename Number>
[[gnu::target("avx2,f16c")]] RowContent RoundAvx2(absl::Span<const float> row, Number* out) {
  if constexpr (std::is_same_v<Number, Eigen::half>) {
    constexpr size_t kLanes = 8;
    const size_t whole = row.size() / kLanes * kLanes;
    for (size_t i = 0; i < whole; i += kLanes) {
      _mm_storeu_si128(
          reinterpret_cast<__m128i*>(out + i),
          _mm256_cvtps_ph(_mm256_loadu_ps(row.data() + i), _MM_FROUND_TO_NEAREST_INT));
    }
    RoundLoop<Number>({row.data() + whole, row.size() - whole}, out + whole);
    return ContentLoop<Number>({out, row.size()});
  } else {
    return RoundLoop(row, out);
  }
}

[[gnu::target("avx2,f16c")]] void WidenAvx2(absl::Span<const Eigen::half> row, float* out) {
  constexpr size_t kLanes = 8;
  const size_t whole = row.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    const auto* from = reinterpret_cast<const __m128i*>(row.data() + i);
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(from)));
  }
  for (size_t i = whole; i < row.size(); ++i) out[i] = static_cast<float>(row[i]);
}
#endif

// Reads a row from `bytes`, as it is in a section, and returns what it holds.
template <typename Number>
RowContent CopyRow(const char* bytes, absl::Span<Number> out) {
  RowContent content{};
  RunWide([](const char* from, absl::Span<Number> to, RowContent* holds)
              KVWIRE_WIDE { *holds = CopyLoop(from, to); },
          bytes, out, &content);
  return content;
}

}  // namespace

template <typename Number>
RowContent ContentOf(absl::Span<const Number> row) {
#ifdef KVWIRE_HAS_AVX2
  if (HasAvx2()) return ContentAvx2(row);
#endif
  return ContentLoop(row);
}

template <typename Number>
RowContent RoundRow(absl::Span<const float> row, Number* out) {
#ifdef KVWIRE_HAS_AVX2
  if (HasAvx2()) return RoundAvx2(row, out);
#endif
  return RoundLoop(row, out);
}

template <typename Number>
void CopyRows(const char* bytes, int64_t width, [[maybe_unused]] CopyTo where, Number* keys,
              Number* values, absl::Span<RowContent> contents) {
  const auto numbers = static_cast<size_t>(width);
  const size_t half_bytes = numbers * sizeof(Number);
  const auto copy_all = [&](auto copy) {
    for (size_t i = 0; i < contents.size(); ++i, bytes += 2 * half_bytes) {
      contents[i] = WholeContent(
          copy(bytes, absl::Span<Number>(keys + i * numbers, numbers)),
          copy(bytes + half_bytes, absl::Span<Number>(values + i * numbers, numbers)));
    }
  };
#ifdef __SSE2__
  if (where == CopyTo::kMemory && CanStream(keys, width) && CanStream(values, width)) {
    copy_all(StreamRow<Number>);
    return FinishStreams();
  }
#endif
  copy_all(CopyRow<Number>);
}

void WidenRow(absl::Span<const Eigen::half> row, float* out) {
#ifdef KVWIRE_HAS_AVX2
  if (HasAvx2()) return WidenAvx2(row, out);
#endif
  std::transform(row.begin(), row.end(), out,
                 [](Eigen::half number) { return static_cast<float>(number); });
}

void WidenRow(absl::Span<const float> row, float* out) {
  std::copy(row.begin(), row.end(), out);
}

// The sizes of two numbers are in the order of their bits.
bool AllSmaller(absl::Span<const float> row, float limit) {
  int32_t largest = 0;
  RunWide(
      [](const float* numbers, size_t count, int32_t* out) KVWIRE_WIDE {
        int32_t most = 0;
        for (size_t i = 0; i < count; ++i) {
          most = std::max(most, std::bit_cast<int32_t>(numbers[i]) & 0x7fffffff);
        }
        *out = most;
      },
      row.data(), row.size(), &largest);
  return largest < std::bit_cast<int32_t>(limit);
}

template RowContent ContentOf(absl::Span<const float>);
template RowContent ContentOf(absl::Span<const Eigen::half>);
template RowContent ContentOf(absl::Span<const Eigen::bfloat16>);
template void CopyRows(const char*, int64_t, CopyTo, float*, float*, absl::Span<RowContent>);
template void CopyRows(const char*, int64_t, CopyTo, Eigen::half*, Eigen::half*,
                       absl::Span<RowContent>);
template void CopyRows(const char*, int64_t, CopyTo, Eigen::bfloat16*, Eigen::bfloat16*,
                       absl::Span<RowContent>);
template RowContent RoundRow(absl::Span<const float>, float*);
template RowContent RoundRow(absl::Span<const float>, Eigen::half*);
template RowContent RoundRow(absl::Span<const float>, Eigen::bfloat16*);

}  // namespace kvwire
