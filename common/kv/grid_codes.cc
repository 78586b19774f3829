#include "common/kv/grid_codes.h"

#include "common/base/wide_loop.h"
#include "common/base/wide_vector.h"
#include "common/kv/min_max_grid.h"

namespace kvwire {
namespace {

using Floats = __attribute__((vector_size(16))) float;
using Integers = __attribute__((vector_size(16))) int32_t;

[[gnu::always_inline]] inline void Load(const float* from, WideDoubles& to) {
  Floats numbers;
  FetchVector(from, numbers);
  to = __builtin_convertvector(numbers, WideDoubles);
}

}  // namespace

void CodeRow(absl::Span<const float> row, const RowGrids& grids, int code_bits,
             uint8_t* codes) {
  const size_t whole = row.size() / kWideLanes * kWideLanes;
  RunWide(
      [](const float* numbers, const float* lows, const float* highs, size_t count,
         double last_code, uint8_t* to) KVWIRE_WIDE {
        const WideDoubles zero = {};
        const WideDoubles last = zero + last_code;
        for (size_t i = 0; i < count; i += kWideLanes) {
          WideDoubles low;
          WideDoubles high;
          WideDoubles number;
          Load(lows + i, low);
          Load(highs + i, high);
          Load(numbers + i, number);
          const WideDoubles range = high - low;
          // Of a grid of one value every number has place 0.
          const WideDoubles divisor = range == 0 ? zero + 1 : range;
          const WideDoubles place = (number - low) * last / divisor + 0.5;
          const WideDoubles not_below = place < zero ? zero : place;
          const WideDoubles inside = not_below > last ? last : not_below;
          const WideDoubles code = range == 0 ? zero : inside;
          const Integers integers = __builtin_convertvector(code, Integers);
          for (size_t lane = 0; lane < kWideLanes; ++lane) {
            to[i + lane] = static_cast<uint8_t>(integers[lane]);
          }
        }
      },
      row.data(), grids.lows.data(), grids.highs.data(), whole,
      static_cast<double>((1 << code_bits) - 1), codes);
  for (size_t i = whole; i < row.size(); ++i) {
    const MinMaxGrid grid(grids.lows[i], grids.highs[i], code_bits);
    codes[i] = static_cast<uint8_t>(grid.Code(row[i]));
  }
}

}  // namespace kvwire
