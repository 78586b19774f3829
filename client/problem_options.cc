#include "client/problem_options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/question.h"
#include "client/sharpness.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

constexpr int64_t kDefaultSide = 64;

absl::Status AsUsageError(const absl::Status& status) {
  return absl::InvalidArgumentError(status.message());
}

// The smallest pyramid with room for `bits` bits at d.
absl::StatusOr<Scales> SmallestPyramid(int64_t bits, int64_t dims) {
  for (int64_t side = 2; side <= kMaxScaleSide; side *= 2) {
    KVWIRE_ASSIGN_OR_RETURN(Scales scales, Scales::Pyramid(side));
    if (scales.tokens() > kMaxPayloadBits / dims) break;
    if (scales.tokens() * dims >= bits) return scales;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no pyramid holds ", bits, " bits at d = ", dims, " below the limit of ",
                   kMaxPayloadBits, " bits a run; send it in parts"));
}

absl::StatusOr<Scales> ScalesOf(const RunOptions& options, int64_t file_bits) {
  if (!options.scales.empty() && options.n.has_value()) {
    return absl::InvalidArgumentError("--n and --scales say the same thing: give one of them");
  }
  if (!options.scales.empty()) return Scales::Parse(options.scales);
  if (options.n.has_value() || file_bits == 0) {
    return Scales::Pyramid(options.n.value_or(kDefaultSide));
  }
  return SmallestPyramid(file_bits, options.dims);
}

// The smallest n with room for `bits` bits at d, where n sizes the problem.
int64_t SmallestSize(Problem problem, int64_t bits, int64_t dims) {
  const int64_t tokens = (bits + dims - 1) / dims;
  if (problem != Problem::kTensor2) return tokens;
  int64_t n = 1;
  while (n * n < tokens) ++n;
  return n;
}

absl::StatusOr<Decoding> DecodingOf(const RunOptions& options) {
  Decoding decoding{.eta = options.eta};
  KVWIRE_ASSIGN_OR_RETURN(decoding.encoding, ParseEncoding(options.encoding));
  KVWIRE_ASSIGN_OR_RETURN(decoding.eta_mode, ParseEtaMode(options.eta_mode));
  return decoding;
}

// Solving C and asking for every row take about L^2 d multiplications each; a core does some
// 10^10 a second.
absl::Status CheckWork(const PublicParameters& parameters, bool allow_long) {
  constexpr double kMostWork = 1e14;
  const auto tokens = static_cast<double>(parameters.shape.tokens());
  const double work = tokens * tokens * static_cast<double>(parameters.dims);
  if (work <= kMostWork || allow_long) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "L = ", parameters.shape.tokens(), " tokens of d = ", parameters.dims,
      " take about L^2 d = ", work,
      " multiplications, hours or days; take a smaller --n or --scales, or say --allow-long"));
}

}  // namespace

absl::StatusOr<std::string> CanonicalAlgorithm(std::string_view algorithm,
                                               const ServicesOptions& services) {
  const bool foreign = !services.alice.empty() || !services.alice_algorithm.empty() ||
                       !services.bob_algorithm.empty();
  const absl::StatusOr<AlgorithmSpec> spec =
      foreign ? AlgorithmSpec::Parse(algorithm) : ParseBuiltInSpec(algorithm);
  if (!spec.ok()) return AsUsageError(spec.status());
  return spec->ToString();
}

absl::StatusOr<ProblemShape> ShapeOf(const RunOptions& options, int64_t file_bits) {
  // A size that follows from a file's is so many bits divided by d.
  if (options.dims < 1 || options.dims > kMaxDims) {
    return absl::InvalidArgumentError(
        absl::StrCat("--d ", options.dims, " is not in 1 .. ", kMaxDims));
  }
  KVWIRE_ASSIGN_OR_RETURN(const Problem problem, ParseProblem(options.problem));
  if (HasScales(problem)) {
    KVWIRE_ASSIGN_OR_RETURN(Scales scales, ScalesOf(options, file_bits));
    return ProblemShape::OverScales(problem, std::move(scales));
  }
  if (!options.scales.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--scales: problem ", options.problem,
                                                   " has no scales; give --n, its size"));
  }
  const int64_t least =
      file_bits > 0 ? SmallestSize(problem, file_bits, options.dims) : kDefaultSide;
  return ProblemShape::OfSize(problem, options.n.value_or(least));
}

void AddInstanceOptions(CLI::App& app, RunOptions& options) {
  app.add_option("--d", options.dims, "coordinates of a key or value")->capture_default_str();
  app.add_option("--frame", options.frame, "public keys: unit, gaussian, code or packed")
      ->capture_default_str();
  // The range is checked on a signed number: CLI11 would read -1 as 2^64 - 1.
  app.add_option("--seed", options.seed, "public coin, below 2^53")
      ->check(CLI::Range(int64_t{0}, static_cast<int64_t>(kSeedLimit - 1)))
      ->capture_default_str();
  app.add_option("--sharpness", options.sharpness, "C: solve, paper or a number")
      ->capture_default_str();
  app.add_option("--encoding", options.encoding, "what a bit is in a value: bits, signs (+-1)")
      ->capture_default_str();
  app.add_option("--eta", options.eta,
                 "relative error of the outputs that Bob decides from, 0 <= eta < 1")
      ->capture_default_str();
  app.add_option("--eta-mode", options.eta_mode,
                 "how they err: worst, towards the threshold, or random")
      ->capture_default_str();
}

void AddProblemOptions(CLI::App& app, RunOptions& options) {
  app.add_option("--problem", options.problem,
                 "the reduction to run: index, multi-index, var, tensor4 or tensor2")
      ->capture_default_str();
  app.add_option("--n", options.n,
                 "side of the last scale of the pyramid 1,2,4,...,n, a power of 2; the number "
                 "of tokens (index, tensor4), or its root (tensor2)");
  app.add_option("--scales", options.scales,
                 "sides of the scales, e.g. 1,2,3,4,5,6,8,10,13,16");
  AddInstanceOptions(app, options);
  app.add_option("--algorithm", options.algorithm, "NAME[:key=value,...]; see kvwire list")
      ->capture_default_str();
  app.add_option("--mask", options.mask, "private or none")
      ->check(CLI::IsMember({"private", "none"}))
      ->capture_default_str();
  app.add_option("--ask", options.ask,
                 "Bob's question: all, random:K or i.j,i.j,...; absent: one position (index), "
                 "n^2 (multi-index) or all");
  app.add_option("--queries", options.queries,
                 "rows: Bob asks each row once; all: all n^2 queries of his scale, the rows "
                 "over again until there are as many")
      ->check(CLI::IsMember({"rows", "all"}))
      ->capture_default_str();
  app.add_flag("--allow-long", options.allow_long, "start runs that take hours or days, too");
  app.add_option("--save-snapshot", options.save_snapshot,
                 "write Alice's message to this file");
  app.add_option("--json", options.json,
                 "write the result as JSON to this file; - for stdout");
}

absl::StatusOr<PublicParameters> ParametersOf(const RunOptions& options, int64_t file_bits) {
  KVWIRE_ASSIGN_OR_RETURN(ProblemShape shape, ShapeOf(options, file_bits));
  KVWIRE_ASSIGN_OR_RETURN(const KeyFrameKind frame, ParseKeyFrame(options.frame));
  KVWIRE_ASSIGN_OR_RETURN(std::string algorithm,
                          CanonicalAlgorithm(options.algorithm, options.services));
  KVWIRE_ASSIGN_OR_RETURN(const Decoding decoding, DecodingOf(options));
  PublicParameters parameters{.shape = std::move(shape),
                              .dims = options.dims,
                              .frame = frame,
                              .seed = options.seed,
                              .sharpness = 1,
                              .algorithm = std::move(algorithm),
                              .decoding = decoding};
  // Before the sharpness: solving it takes time that grows with L^2 d.
  KVWIRE_RETURN_IF_ERROR(CheckParameters(parameters));
  KVWIRE_RETURN_IF_ERROR(CheckWork(parameters, options.allow_long));
  KVWIRE_ASSIGN_OR_RETURN(parameters.sharpness, SharpnessOf(options.sharpness, parameters));
  KVWIRE_RETURN_IF_ERROR(CheckParameters(parameters));
  return parameters;
}

std::string DefaultQuestion(const PublicParameters& parameters) {
  switch (parameters.shape.problem()) {
    case Problem::kIndex:
      return "random:1";
    case Problem::kMultiIndex:
      return absl::StrCat("random:",
                          std::min({parameters.shape.queries(), parameters.payload_bits(),
                                    Question::kMaxPositions}));
    default:
      return "all";
  }
}

}  // namespace kvwire
