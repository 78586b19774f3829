// What each KV-cache algorithm does with bytes, on one core and on all: `encode`, float32 keys
// and values to a state (Append); `write`, a state to the bytes of its snapshot, checksums
// included; `restore`, these bytes to a state that answers.
//
// Figures count float32 keys and values in `encode`, and of quantisers in all three; else
// the bytes of the snapshot. Each is the best of some passes, over memory that the
// process has had before: neither the system's zeroing of new pages nor another program's
// time is the codec's. Ratios are to memcpy of that many bytes on one core, in between.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/parallel.h"
#include "common/kv/kv_cache.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot.h"

namespace kvwire {
namespace {

constexpr int64_t kBlockRows = 1024;
constexpr int64_t kMiB = int64_t{1} << 20;
// Beyond any cache; and enough for what computes more than it copies, or looks at all it has.
constexpr int64_t kLargeBytes = 256 * kMiB;
constexpr int64_t kQuantisedBytes = 32 * kMiB;
constexpr int64_t kSearchedBytes = 2 * kMiB;

using Clock = std::chrono::steady_clock;

double SecondsOf(const std::function<void()>& work) {
  const Clock::time_point begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

// Numbers about as large as normal ones, quickly; or bits.
std::vector<float> Numbers(int64_t count, bool bits) {
  std::vector<float> numbers(static_cast<size_t>(count));
  uint64_t state = 88172645463325252;
  for (float& number : numbers) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const auto sum = static_cast<int64_t>((state & 0xffff) + (state >> 16 & 0xffff) +
                                          (state >> 32 & 0xffff) + (state >> 48));
    number = bits ? static_cast<float>(state >> 63)
                  : static_cast<float>(sum - 2 * 0xffff) * 0x1p-15F;
  }
  return numbers;
}

// What is measured: an algorithm over `bytes` bytes of keys and values.
struct Subject {
  std::string spec;
  std::string name;
  int64_t bytes = 0;
  int64_t dims = 128;
  int passes = 12;
  bool takes_queries = false;
  bool counts_floats = false;  // in every phase, not only in encode
  bool on_all_cores = false;   // besides on one
  std::optional<KeyFrameKind> frame;

  int64_t rows() const { return bytes / (2 * dims * int64_t{sizeof(float)}); }
};

// Tokens, and the caches that they come to.
class Tokens {
 public:
  explicit Tokens(const Subject& subject)
      : subject_(subject),
        keys_(Numbers(subject.rows() * subject.dims, false)),
        values_(Numbers(subject.rows() * subject.dims, subject.frame.has_value())) {
    setup_.spec = *ParseBuiltInSpec(subject.spec);
    setup_.dims = subject.dims;
    setup_.seed = 1;
    setup_.sharpness = 1;
    if (!subject.frame.has_value()) return;
    setup_.frame = *KeyFrame::Create(*subject.frame, 1, subject.rows(), subject.dims);
    setup_.frame->Fill(0, Eigen::Map<Matrix>(keys_.data(), subject.rows(), subject.dims));
  }

  std::unique_ptr<KvCache> Encoded() const {
    std::unique_ptr<KvCache> cache = *CreateCache(setup_);
    for (int64_t row = 0; row < subject_.rows(); row += kBlockRows) {
      const float* keys = keys_.data() + row * subject_.dims;
      OrDie(cache->Append({.rows = std::min(kBlockRows, subject_.rows() - row),
                           .queries = subject_.takes_queries ? keys : nullptr,
                           .keys = keys,
                           .values = values_.data() + row * subject_.dims}));
    }
    return cache;
  }

  absl::Status Write(const KvCache& cache, ByteSink sink) const {
    return WriteSnapshot(cache, setup_, sink);
  }

  std::unique_ptr<KvCache> Restored(std::string_view snapshot) const {
    const std::unique_ptr<SnapshotReader> reader = *SnapshotReader::Create(setup_);
    for (; !snapshot.empty();
         snapshot.remove_prefix(std::min<size_t>(kMiB, snapshot.size()))) {
      OrDie(reader->Append(snapshot.substr(0, kMiB)));
    }
    return *reader->Finish();
  }

 private:
  const Subject subject_;
  CacheSetup setup_;
  std::vector<float> keys_;
  std::vector<float> values_;
};

// Bytes a second at best, of `work` over `bytes` bytes and of copying, pass by pass in turn.
struct Speeds {
  double work = 0;
  double copy = 0;
};

// Memory to copy kLargeBytes from or to, `offset` bytes into a page. Where both begin at about
// the same place of one, processors take loads for those of what was just stored, and wait.
char* CopyMemory(int64_t offset) {
  constexpr size_t kPage = 4096;
  void* const pages = std::aligned_alloc(kPage, kLargeBytes + kPage);
  return static_cast<char*>(std::memset(static_cast<char*>(pages) + offset, 1, kLargeBytes));
}

Speeds Measure(int passes, int64_t bytes, const std::function<void()>& work) {
  static const char* const from = CopyMemory(0);
  static char* const to = CopyMemory(2048);
  Speeds best;
  for (int pass = 0; pass < passes; ++pass) {
    best.work = std::max(best.work, static_cast<double>(bytes) / SecondsOf(work));
    const double copy = SecondsOf([] {
      std::memcpy(to, from, kLargeBytes);
      benchmark::ClobberMemory();
    });
    best.copy = std::max(best.copy, static_cast<double>(kLargeBytes) / copy);
  }
  return best;
}

enum class Phase { kEncode, kWrite, kRestore };

Speeds MeasurePhase(const Subject& subject, Phase phase) {
  const Tokens tokens(subject);
  const std::unique_ptr<KvCache> cache = tokens.Encoded();
  std::string snapshot;
  OrDie(tokens.Write(*cache, [&snapshot](std::string_view piece) {
    snapshot += piece;
    return absl::OkStatus();
  }));
  const int64_t snapshot_bytes =
      subject.counts_floats ? subject.bytes : static_cast<int64_t>(snapshot.size());
  switch (phase) {
    case Phase::kEncode:
      return Measure(subject.passes, subject.bytes,
                     [&] { benchmark::DoNotOptimize(tokens.Encoded()); });
    case Phase::kWrite:
      return Measure(subject.passes, snapshot_bytes, [&] {
        OrDie(tokens.Write(*cache, [](std::string_view piece) {
          benchmark::DoNotOptimize(piece.data());
          return absl::OkStatus();
        }));
      });
    case Phase::kRestore:
      return Measure(subject.passes, snapshot_bytes,
                     [&] { benchmark::DoNotOptimize(tokens.Restored(snapshot)); });
  }
  return {};
}

// What a phase has to reach on one core: a part of memcpy's speed, or bytes a second.
struct Wanted {
  double of_memcpy = 0;
  double bytes_per_second = 0;
};

void Run(benchmark::State& state, const Subject& subject, Phase phase, int threads,
         const Wanted& wanted) {
  SetParallelThreads(threads);
  for (auto _ : state) {
    const Speeds speeds = MeasurePhase(subject, phase);
    state.SetIterationTime(1 / speeds.work);
    state.counters["B/s"] = speeds.work;
    state.counters["ratio"] = speeds.work / speeds.copy;
    state.SetLabel("memcpy");
    if (wanted.of_memcpy > 0) state.counters["limit"] = wanted.of_memcpy;
    if (wanted.bytes_per_second == 0) continue;
    state.counters["ratio"] = speeds.work / wanted.bytes_per_second;
    state.counters["limit"] = 1;
    state.SetLabel(absl::StrFormat("%g GB/s of float32; memcpy: %.3f",
                                   wanted.bytes_per_second / 1e9, speeds.work / speeds.copy));
  }
}

void Register(const Subject& subject, const Wanted& encode, const Wanted& restore) {
  struct Row {
    Phase phase;
    const char* name;
    Wanted wanted;
  };
  for (const Row& row :
       {Row{Phase::kEncode, "encode", encode}, Row{Phase::kWrite, "write", {}},
        Row{Phase::kRestore, "restore", restore}}) {
    for (const int threads : {1, 0}) {
      if (threads == 0 && !subject.on_all_cores) continue;
      const std::string name =
          absl::StrCat(subject.name, "/", row.name, threads == 1 ? "/one core" : "/all cores");
      const Wanted wanted = threads == 1 ? row.wanted : Wanted{};
      benchmark::RegisterBenchmark(
          name.c_str(),
          [=](benchmark::State& state) { Run(state, subject, row.phase, threads, wanted); })
          ->Iterations(1)
          ->UseManualTime();
    }
  }
}

void RegisterBaselines() {
  const Wanted half{.of_memcpy = 0.5};
  for (const char* spec : {"exact", "float16", "bfloat16"}) {
    Register({.spec = spec, .name = spec, .bytes = kLargeBytes, .on_all_cores = true}, half,
             half);
  }
  // A code's keys are there at once, those of "unit" are computed number by number to be
  // compared with what is appended. d = 512: in fewer dimensions the code has not as many
  // keys.
  Register({.spec = "bitplane",
            .name = "bitplane/frame:code",
            .bytes = kLargeBytes,
            .dims = 512,
            .on_all_cores = true,
            .frame = KeyFrameKind::kCode},
           half, half);
  for (const char* spec : {"bitplane", "floor"}) {
    Register({.spec = spec,
              .name = absl::StrCat(spec, "/frame:unit"),
              .bytes = kQuantisedBytes,
              .passes = 3,
              .on_all_cores = true,
              .frame = KeyFrameKind::kUnit},
             {}, {});
  }
}

void RegisterOthers() {
  const Wanted half_a_gigabyte{.bytes_per_second = 0.5e9};
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    const std::string spec(algorithm.name);
    if (algorithm.keys_by_place || algorithm.attention == AttentionSupport::kTensor) continue;
    if (algorithm.kind == AlgorithmKind::kQuantizer) {
      Register({.spec = spec,
                .name = spec,
                .bytes = kQuantisedBytes,
                .counts_floats = true,
                .on_all_cores = true},
               half_a_gigabyte, half_a_gigabyte);
    } else if (algorithm.kind != AlgorithmKind::kBaseline) {
      Register({.spec = spec,
                .name = spec,
                .bytes = kSearchedBytes,
                .passes = 1,
                .takes_queries = true},
               {}, {});
    }
  }
}

}  // namespace
}  // namespace kvwire

int main(int argc, char** argv) {
  // Memory that was freed is kept: see above.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  kvwire::RegisterBaselines();
  kvwire::RegisterOthers();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
