#include "common/base/counter_rng.h"

#include <Random123/philox.h>

#include "common/base/portable_math.h"

namespace kvwire {

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
  const uint64_t k = Bits(counter) >> 12;
  return (static_cast<double>(k) + 0.5) * 0x1p-52;
}

void CounterRng::FillNormal(uint64_t first, absl::Span<double> numbers) const {
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = Uniform(first + i);
  NormalQuantiles(numbers);
}

double CounterRng::Normal(uint64_t counter) const { return NormalQuantile(Uniform(counter)); }

}  // namespace kvwire
