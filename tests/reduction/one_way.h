#ifndef KVWIRE_TESTS_REDUCTION_ONE_WAY_H_
#define KVWIRE_TESTS_REDUCTION_ONE_WAY_H_

// The whole reduction in one process: Alice, an algorithm, one message, Bob.

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "common/attention/interference.h"
#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"
#include "common/kv/snapshot.h"
#include "common/reduction/alice.h"
#include "common/reduction/bob.h"
#include "common/reduction/parameters.h"
#include "common/reduction/sharpness.h"

namespace kvwire {

// All algorithms that keep every bit.
inline constexpr const char* kZeroErrorAlgorithms[] = {"bitplane", "exact", "float16"};

inline absl::StatusOr<CacheSetup> SetupOf(const PublicParameters& parameters) {
  KVWIRE_RETURN_IF_ERROR(CheckParameters(parameters));
  CacheSetup setup;
  KVWIRE_ASSIGN_OR_RETURN(setup.spec, ParseBuiltInSpec(parameters.algorithm));
  setup.dims = parameters.dims;
  setup.seed = parameters.seed;
  setup.sharpness = parameters.sharpness;
  setup.attention = parameters.shape.attention();
  setup.encoding = parameters.decoding.encoding;
  KVWIRE_ASSIGN_OR_RETURN(setup.frame, MakeFrame(parameters));
  return setup;
}

// Alice's message for her bits.
inline absl::StatusOr<std::string> Message(const PublicParameters& parameters,
                                           const BitVector& bits) {
  KVWIRE_ASSIGN_OR_RETURN(const CacheSetup setup, SetupOf(parameters));
  KVWIRE_ASSIGN_OR_RETURN(const std::unique_ptr<KvCache> cache, CreateCache(setup));
  KVWIRE_RETURN_IF_ERROR(StreamAliceTokens(
      parameters.shape, setup.encoding, *setup.frame, bits, 7, [&](const AliceTokens& tokens) {
        return cache->Append({.rows = tokens.keys.rows(),
                              .queries = nullptr,
                              .keys = tokens.keys.data(),
                              .values = tokens.values.data(),
                              .closes_scale = tokens.closes_scale});
      }));
  std::string message;
  KVWIRE_RETURN_IF_ERROR(WriteSnapshot(*cache, setup, [&](std::string_view piece) {
    message += piece;
    return absl::OkStatus();
  }));
  return message;
}

// What the restored algorithm says to the queries of `rows`, after Bob's zero tokens.
inline absl::StatusOr<Matrix> Outputs(const PublicParameters& parameters,
                                      const std::string& message,
                                      const std::vector<int64_t>& rows) {
  KVWIRE_ASSIGN_OR_RETURN(const CacheSetup setup, SetupOf(parameters));
  KVWIRE_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Create(setup));
  KVWIRE_RETURN_IF_ERROR(reader->Append(message));
  KVWIRE_ASSIGN_OR_RETURN(const std::unique_ptr<KvCache> cache, reader->Finish());
  TokenBlock zeros;
  zeros.rows = parameters.shape.queries();
  KVWIRE_RETURN_IF_ERROR(cache->Append(zeros));
  Matrix outputs(static_cast<int64_t>(rows.size()), parameters.dims);
  KVWIRE_ASSIGN_OR_RETURN(const double sharpness, QuerySharpness(parameters));
  KVWIRE_RETURN_IF_ERROR(cache->Attend(QueryRows(*setup.frame, sharpness, rows), outputs));
  return outputs;
}

// Visits the rows of each replay with their outputs.
inline absl::Status VisitReplays(
    const PublicParameters& parameters, const std::string& message,
    absl::FunctionRef<void(const std::vector<int64_t>& rows, Matrix& outputs)> visit) {
  std::vector<int64_t> all(parameters.shape.tokens());
  std::iota(all.begin(), all.end(), 0);
  for (const auto& rows : SplitIntoReplays(all, parameters.shape.rows_per_replay())) {
    KVWIRE_ASSIGN_OR_RETURN(Matrix outputs, Outputs(parameters, message, rows));
    visit(rows, outputs);
  }
  return absl::OkStatus();
}

// Bob reads every bit off the message. The outputs err as the parameters say; his
// thresholds are for outputs that err as `assumed` says.
inline absl::StatusOr<BitVector> Decode(const PublicParameters& parameters,
                                        const std::string& message, const Decoding& assumed) {
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrame frame, MakeFrame(parameters));
  BitVector bits(parameters.payload_bits());
  const auto place = [&](const std::vector<int64_t>& rows, const Decoding& decoding) {
    return Thresholds::Place(frame, parameters.sharpness, rows, parameters.shape.ZeroWeight(),
                             decoding);
  };
  KVWIRE_RETURN_IF_ERROR(VisitReplays(
      parameters, message, [&](const std::vector<int64_t>& rows, Matrix& outputs) {
        PerturbOutputs(place(rows, parameters.decoding), parameters.decoding, parameters.seed,
                       rows, outputs);
        DecodeRows(outputs, place(rows, assumed), rows.front(), bits);
      }));
  return bits;
}

inline absl::StatusOr<BitVector> Decode(const PublicParameters& parameters,
                                        const std::string& message) {
  return Decode(parameters, message, parameters.decoding);
}

// With the sharpness that leaves a tenth of what can be decoded.
inline PublicParameters Make(ProblemShape shape, int64_t dims, KeyFrameKind kind,
                             std::string algorithm, const Decoding& decoding = {}) {
  PublicParameters parameters{.shape = std::move(shape),
                              .dims = dims,
                              .frame = kind,
                              .seed = 11,
                              .algorithm = std::move(algorithm),
                              .decoding = decoding};
  parameters.sharpness =
      SolveSharpness(MakeFrame(parameters).value(), TargetMass(decoding)).value();
  return parameters;
}

inline ProblemShape Pyramid(int64_t side) {
  return ProblemShape::Var(Scales::Pyramid(side).value());
}

inline BitVector RandomBits(int64_t size_bits, uint64_t seed) {
  BitVector bits(size_bits);
  for (int64_t i = 0; i < size_bits; ++i) bits.Set(i, CounterRng(seed, 0).Bits(i) & 1);
  return bits;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_REDUCTION_ONE_WAY_H_
