#include "client/rank/rank_row.h"

#include <algorithm>

namespace kvwire {
namespace {

constexpr std::string_view kNames[kStatistics] = {
    "payload_bits",     "state_bits",           "header_bits",
    "bits_per_element", "bits_per_payload_bit", "wire_bytes",
    "floor_bits",       "soft_floor_bits",      "efficiency",
    "bit_errors",       "bit_error_rate",       "error_mean",
    "error_p99",        "error_worst",          "cosine",
    "encode_mb_per_s",  "decode_mb_per_s",
};

}  // namespace

std::string_view StatisticName(Statistic statistic) {
  return kNames[static_cast<size_t>(statistic)];
}

std::array<Statistic, kStatistics> AllStatistics() {
  std::array<Statistic, kStatistics> all;
  for (size_t k = 0; k < kStatistics; ++k) all[k] = static_cast<Statistic>(k);
  return all;
}

bool RankRow::good() const {
  return failure.empty() &&
         std::all_of(samples.begin(), samples.end(),
                     [](const RankSample& sample) { return sample.reasons.empty(); });
}

}  // namespace kvwire
