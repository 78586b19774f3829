#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"
#include "common/kv/evicting_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

constexpr uint64_t kReservoirStream = 0x696f767265736572;  // "reservoi"

// A uniform sample of the stream, without a look at what is in it: reservoir sampling
// (Vitter 1985, algorithm R). The t-th token (from 0) that is not zero is in the sample
// until the next; from the first that is over the budget on it takes the place of one of
// the sample's `budget` tokens, the j-th oldest, or leaves at once if j is not below
// `budget`, where j = Bits(t) mod (t + 1) of CounterRng(seed, stream): no j is more than
// 1 + 2^-11 times as likely as another. Each draw follows from the place of the token, so
// neither blocks nor scales change the sample, and nothing is in the state but it.
//
// Sections of evicting_cache.h: rows, counters.
class ReservoirPolicy : public EvictionPolicy {
 public:
  ReservoirPolicy(int64_t budget, uint64_t seed)
      : budget_(budget), rng_(seed, kReservoirStream) {}

  int64_t most_rows() const override { return budget_; }

  Survivors Close(const HeldTokens& held) const override {
    if (held.rows <= budget_) return {};
    std::vector<int64_t> rows(static_cast<size_t>(budget_));
    std::iota(rows.begin(), rows.end(), 0);
    const int64_t seen = held.tokens - held.zeros;
    for (int64_t row = budget_; row < held.rows; ++row) {
      const auto t = static_cast<uint64_t>(seen - held.rows + row);
      const uint64_t j = rng_.Bits(t) % (t + 1);
      if (j >= static_cast<uint64_t>(budget_)) continue;
      rows.erase(rows.begin() + static_cast<int64_t>(j));
      rows.push_back(row);
    }
    return {std::move(rows), {}};
  }

 private:
  int64_t budget_;
  CounterRng rng_;
};

absl::StatusOr<int64_t> BudgetOf(const AlgorithmSpec& spec) {
  KVWIRE_RETURN_IF_ERROR(CheckFormatOption(spec));
  return spec.IntOption("budget", 256, 1, kMaxBudget);
}

absl::Status CheckOptions(const AlgorithmSpec& spec) { return BudgetOf(spec).status(); }

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(const int64_t budget, BudgetOf(setup.spec));
  return CreateEvictingCache(setup, std::make_unique<ReservoirPolicy>(budget, setup.seed));
}

constexpr AlgorithmOption kOptions[] = {
    {"budget", "256", "tokens sampled"},
    kFormatOption,
};

}  // namespace

KvAlgorithm DescribeUniform() {
  return {.name = "uniform",
          .code = 17,
          .kind = AlgorithmKind::kEvictor,
          .summary = "a uniform sample of the tokens",
          .reference = "Vitter 1985, algorithm R: a baseline for evictors",
          .state_bits = "64 d min(n, budget) + 64",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
