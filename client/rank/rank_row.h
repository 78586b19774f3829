#ifndef KVWIRE_CLIENT_RANK_RANK_ROW_H_
#define KVWIRE_CLIENT_RANK_RANK_ROW_H_

// What a comparison measures: a sample a seed, a row an algorithm, a table a workload.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvwire {

// Every number of a sample. Bits are of the snapshot unless something else is said.
enum class Statistic : uint8_t {
  kPayloadBits,        // L d, what Alice knows
  kStateBits,          // the algorithm's claim, and all of the snapshot that is not header
  kHeaderBits,         // 8 x snapshot bytes - state bits
  kBitsPerElement,     // state bits over the numbers in keys and values
  kBitsPerPayloadBit,  // state bits over payload bits
  kWireBytes,          // the kernel's count of the connection that carried the snapshot
  kFloorBits,          // what the bit errors force any message to carry
  kSoftFloorBits,      // what Bob's confidences prove
  kEfficiency,         // floor bits over 8 x wire bytes
  kBitErrors,
  kBitErrorRate,
  kErrorMean,   // relative L2 error of the attention output: mean over the queries,
  kErrorP99,    // 99th percentile
  kErrorWorst,  // and largest
  kCosine,      // of the attention output with the exact one, mean over the queries
  // 8 n d bytes of float32 keys and values, in 10^6 bytes, over the time from the first
  // block of Ingest to the last byte of Snapshot (encode), or from the first byte of
  // Restore to its answer (decode). Both calls and loopback are in it; connecting is not.
  kEncodeMbPerS,
  kDecodeMbPerS,
};

inline constexpr size_t kStatistics = 17;

// "payload_bits", ..., "decode_mb_per_s".
std::string_view StatisticName(Statistic statistic);
// All of them, in order.
std::array<Statistic, kStatistics> AllStatistics();

// One seed.
struct RankSample {
  uint64_t seed = 0;
  // The restored cache wrote the same snapshot, to the byte, and gave the same answers, to
  // the bit. Absent where bits were read off it instead.
  std::optional<bool> restore_equal;
  std::vector<std::string> reasons;  // one sentence a fault of the books; empty: good

  void Set(Statistic statistic, double value) { values_[Index(statistic)] = value; }
  const std::optional<double>& Get(Statistic statistic) const {
    return values_[Index(statistic)];
  }

 private:
  static size_t Index(Statistic statistic) { return static_cast<size_t>(statistic); }

  std::array<std::optional<double>, kStatistics> values_;
};

struct RankRow {
  std::string spec;       // as it was asked for
  std::string algorithm;  // the same in one spelling, for this workload's number of tokens
  std::string server;     // "built-in" or HOST:PORT
  std::string kind;       // AlgorithmKindName, or "foreign"
  // Why there are no samples: the algorithm does not take this workload (refusal), or went
  // wrong on it (failure). Both empty: there are.
  std::string refusal;
  std::string failure;
  std::vector<RankSample> samples;  // in order of seed

  bool measured() const { return refusal.empty() && failure.empty(); }
  // Whether nothing is wrong with it: a refusal is nothing wrong.
  bool good() const;
};

struct RankTable {
  std::string workload;
  std::string description;  // one line
  bool bits = false;        // whether bits were read, or else attention outputs compared
  int64_t tokens = 0;       // L or n
  int64_t dims = 0;
  std::vector<RankRow> rows;
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_ROW_H_
