#include "common/base/counter_rng.h"

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <bit>

#include "common/base/portable_math.h"
#include "common/base/wide_loop.h"

#ifdef KVWIRE_WIDE_X86
#include <immintrin.h>
#endif

namespace kvwire {
namespace {

constexpr size_t kAtOnce = 64;

#ifdef KVWIRE_WIDE_X86
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i All(uint64_t word) {
  return _mm256_set1_epi64x(static_cast<int64_t>(word));
}

// Philox's ten rounds on four counters side by side; of each 64 bits the upper half is never
// looked at. Writes CounterRng::Bits of counters first .. first + kAtOnce - 1.
[[gnu::target("avx2")]] void BitsAvx2(uint64_t seed, uint64_t stream, uint64_t first,
                                      uint64_t* bits) {
  for (size_t i = 0; i < kAtOnce; i += 4) {
    __m256i x0 = _mm256_add_epi64(All(first + i), _mm256_set_epi64x(3, 2, 1, 0));
    __m256i x1 = _mm256_srli_epi64(x0, 32);
    __m256i x2 = All(stream);
    __m256i x3 = All(stream >> 32);
    auto key0 = static_cast<uint32_t>(seed);
    auto key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round, key0 += PHILOX_W32_0, key1 += PHILOX_W32_1) {
      const __m256i product0 = _mm256_mul_epu32(x0, All(PHILOX_M4x32_0));
      const __m256i product1 = _mm256_mul_epu32(x2, All(PHILOX_M4x32_1));
      const __m256i high0 = _mm256_srli_epi64(product0, 32);
      const __m256i high1 = _mm256_srli_epi64(product1, 32);
      x0 = _mm256_xor_si256(_mm256_xor_si256(high1, x1), All(key0));
      x1 = product1;
      x2 = _mm256_xor_si256(_mm256_xor_si256(high0, x3), All(key1));
      x3 = product0;
    }
    const __m256i low = _mm256_and_si256(x0, All(0xffffffff));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(bits + i),
                        _mm256_or_si256(low, _mm256_slli_epi64(x1, 32)));
  }
}
#endif

// The midpoint that 64 bits choose: a whole number below 2^52 as the last bits of 2^52 and
// more.
[[gnu::always_inline]] inline double MidpointOf(uint64_t bits) {
  const double k = std::bit_cast<double>(bits >> 12 | 0x4330000000000000) - 0x1p52;
  return (k + 0.5) * 0x1p-52;
}

}  // namespace

uint64_t CounterRng::Bits(uint64_t counter) const {
  const auto low = [](uint64_t word) { return static_cast<uint32_t>(word); };
  const auto high = [](uint64_t word) { return static_cast<uint32_t>(word >> 32); };
  const r123::Philox4x32::ctr_type input = {
      {low(counter), high(counter), low(stream_), high(stream_)}};
  const r123::Philox4x32::key_type key = {{low(seed_), high(seed_)}};
  const r123::Philox4x32::ctr_type output = r123::Philox4x32()(input, key);
  return output[0] | static_cast<uint64_t>(output[1]) << 32;
}

double CounterRng::Uniform(uint64_t counter) const {
  // k + 1/2 takes 53 bits: with one bit more in k it would round, up to 1 itself.
  return MidpointOf(Bits(counter));
}

void CounterRng::FillNormal(uint64_t first, absl::Span<double> numbers) const {
  std::array<uint64_t, kAtOnce> bits;
  for (size_t done = 0; done < numbers.size(); done += kAtOnce) {
    const size_t count = std::min(kAtOnce, numbers.size() - done);
    bool filled = false;
#ifdef KVWIRE_WIDE_X86
    filled = count == kAtOnce && MachineHasAvx2();
    if (filled) BitsAvx2(seed_, stream_, first + done, bits.data());
#endif
    for (size_t i = 0; i < count && !filled; ++i) bits[i] = Bits(first + done + i);
    RunWide(
        [](const uint64_t* from, size_t n, double* to) KVWIRE_WIDE {
          for (size_t i = 0; i < n; ++i) to[i] = MidpointOf(from[i]);
        },
        bits.data(), count, &numbers[done]);
  }
  NormalQuantiles(numbers);
}

double CounterRng::Normal(uint64_t counter) const { return NormalQuantile(Uniform(counter)); }

}  // namespace kvwire
