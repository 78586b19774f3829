#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/generation_picture.h"
#include "client/generation_report.h"
#include "client/generation_run.h"
#include "client/handover.h"
#include "client/result_file.h"
#include "client/run_options.h"
#include "client/secret_bits.h"
#include "common/base/counter_rng.h"
#include "common/base/status_macros.h"
#include "common/reduction/parameters.h"
#include "common/reduction/scales.h"

namespace kvwire {
namespace {

constexpr int64_t kDefaultDims = 64;

struct GenerateOptions {
  RunOptions run;  // services, seed, json
  std::string scales = "1,2,3,4,5,6,8,10,13,16";
  std::optional<int64_t> dims;  // absent: those of the weights, or 64
  std::string interpolation = "bicubic";
  std::optional<double> score_scale;
  double position_amplitude = 1;
  std::vector<std::string> algorithms = {"exact", "float16", "streaming:window=340",
                                         "streaming", "tokenlog"};
  std::string folder;
};

// d normals that follow from 64 private bits.
absl::StatusOr<Matrix> DrawInitialToken(const std::string& secret_seed, int64_t dims) {
  SecretBits secret;
  if (!secret_seed.empty()) {
    KVWIRE_ASSIGN_OR_RETURN(secret, SecretBits::FromSeed(secret_seed));
  }
  KVWIRE_ASSIGN_OR_RETURN(const BitVector bits, secret.Draw("initial token", 64));
  uint64_t seed = 0;
  for (int64_t i = 0; i < 64; ++i) seed |= uint64_t{bits.Get(i)} << i;
  const CounterRng rng(seed, /*stream=*/0);
  Matrix token(1, dims);
  for (int64_t j = 0; j < dims; ++j) {
    token(0, j) = static_cast<float>(rng.Normal(static_cast<uint64_t>(j)));
  }
  return token;
}

absl::StatusOr<int64_t> DimsOf(const GenerateOptions& options,
                               const std::optional<ModelWeights>& model) {
  if (!model.has_value()) return options.dims.value_or(kDefaultDims);
  const int64_t dims = model->weights.dims();
  if (options.dims.value_or(dims) == dims) return dims;
  return absl::InvalidArgumentError(absl::StrCat(
      "--d ", *options.dims, ": ", options.run.services.weights, " has d = ", dims));
}

absl::StatusOr<GenerationRequest> RequestOf(const GenerateOptions& options,
                                            const std::optional<ModelWeights>& model) {
  KVWIRE_ASSIGN_OR_RETURN(const Scales scales, Scales::Parse(options.scales));
  GenerationRequest request{.memory_limit_bytes = options.run.memory_limit_bytes};
  Generation& generation = request.generation;
  generation.options.sides = scales.sides();
  generation.options.scale = options.score_scale;
  generation.options.position_amplitude = options.position_amplitude;
  generation.options.seed = options.run.seed;
  KVWIRE_ASSIGN_OR_RETURN(generation.options.interpolation,
                          ParseUpInterpolation(options.interpolation));
  KVWIRE_ASSIGN_OR_RETURN(generation.dims, DimsOf(options, model));
  if (model.has_value()) generation.weights_sha256 = model->sha256;
  generation.algorithm = "exact";
  // What both services will check, before one is asked.
  KVWIRE_ASSIGN_OR_RETURN(generation, GenerationFromProto(GenerationToProto(generation)));
  if (model.has_value() && model->has_initial_token) {
    request.x_init = model->weights.x_init;
    return request;
  }
  KVWIRE_ASSIGN_OR_RETURN(request.x_init,
                          DrawInitialToken(options.run.secret_seed, generation.dims));
  return request;
}

absl::StatusOr<std::vector<Handover>> HandoversOf(const GenerateOptions& options) {
  std::vector<Handover> handovers;
  for (const std::string& text : options.algorithms) {
    KVWIRE_ASSIGN_OR_RETURN(Handover handover, ParseHandover(text, options.run.services));
    handovers.push_back(std::move(handover));
  }
  return handovers;
}

std::string PicturePath(const GenerateOptions& options, std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
  return absl::StrCat(options.folder, "/", name, ".png");
}

// Makes the folder for pictures, before anything is generated for it.
absl::Status MakeFolder(const GenerateOptions& options) {
  if (options.folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (!error) return CheckWritable(PicturePath(options, "whole"));
  return absl::InvalidArgumentError(
      absl::StrCat("the folder ", options.folder, " cannot be made: ", error.message()));
}

absl::Status WriteMap(const GenerateOptions& options, const std::string& name,
                      const Matrix& map, const Matrix& whole) {
  if (options.folder.empty()) return absl::OkStatus();
  KVWIRE_ASSIGN_OR_RETURN(const Picture picture, MapPicture(map, whole));
  return WritePicture(PicturePath(options, name), picture);
}

absl::StatusOr<GenerationRow> Measure(Driver& driver, GenerationRequest request,
                                      const Handover& handover, const Matrix& whole,
                                      const GenerateOptions& options) {
  request.generation = handover.Applied(request.generation);
  GenerationRow row{.name = handover.name};
  KVWIRE_ASSIGN_OR_RETURN(row.result, RunGeneration(driver, request));
  const Matrix map = std::exchange(row.result.last_map, Matrix());
  KVWIRE_ASSIGN_OR_RETURN(row.errors, CompareMaps(whole, map));
  row.identical = map == whole;
  row.reasons = JudgeGeneration(row.result, options.run.allow_shared_algorithm);
  if (handover.exact() && !row.identical) {
    row.reasons.push_back(
        "Bob's map is not that of one piece, to the bit, although the cache is exact");
  }
  KVWIRE_RETURN_IF_ERROR(WriteMap(options, handover.name, map, whole));
  return row;
}

absl::StatusOr<std::vector<GenerationRow>> MeasureAll(Services& services,
                                                      const GenerationRequest& request,
                                                      const std::vector<Handover>& handovers,
                                                      const Matrix& whole,
                                                      const GenerateOptions& options) {
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  const bool text = !options.run.json_on_stdout();
  if (text) std::cout << GenerationHead(request.generation) << std::flush;
  std::vector<GenerationRow> rows;
  for (const Handover& handover : handovers) {
    KVWIRE_ASSIGN_OR_RETURN(GenerationRow row,
                            Measure(driver, request, handover, whole, options));
    if (text) std::cout << GenerationText(row) << std::flush;
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<int> GenerateCommand(const GenerateOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const std::optional<ModelWeights> model,
                          WeightsOfFlag(options.run.services.weights));
  KVWIRE_ASSIGN_OR_RETURN(const GenerationRequest request, RequestOf(options, model));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<Handover> handovers, HandoversOf(options));
  KVWIRE_RETURN_IF_ERROR(MakeFolder(options));
  KVWIRE_ASSIGN_OR_RETURN(Services services, StartServices(options.run));
  KVWIRE_ASSIGN_OR_RETURN(const Matrix whole, GenerateWhole(request, model));
  KVWIRE_RETURN_IF_ERROR(WriteMap(options, "whole", whole, whole));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<GenerationRow> rows,
                          MeasureAll(services, request, handovers, whole, options));
  if (!std::cout.good()) return absl::UnknownError("the result cannot be written to stdout");
  KVWIRE_RETURN_IF_ERROR(
      WriteResult(options.run.json, GenerationJson(request.generation, rows) + "\n"));
  const bool good = std::all_of(rows.begin(), rows.end(),
                                [](const GenerationRow& row) { return row.reasons.empty(); });
  return good ? kExitGood : kExitVerdict;
}

void AddModelOptions(CLI::App& app, GenerateOptions& options) {
  app.add_option("--scales", options.scales, "sides of the token maps, from 1")
      ->capture_default_str();
  app.add_option("--d", options.dims,
                 "coordinates of a token; absent: 64, or as many as --weights has");
  app.add_option("--interpolation", options.interpolation,
                 "from map to map: nearest, bilinear, area or bicubic")
      ->capture_default_str();
  app.add_option("--score-scale", options.score_scale,
                 "factor of every score; absent: 1/sqrt(d); the paper's is 1");
  app.add_option("--positions", options.position_amplitude,
                 "size of the position embeddings; the paper's is 0")
      ->capture_default_str();
  app.add_option("--seed", options.run.seed, "of positions and weights, below 2^53")
      ->check(CLI::Range(int64_t{0}, static_cast<int64_t>(kSeedLimit - 1)))
      ->capture_default_str();
  app.add_option("--weights", options.run.services.weights,
                 "safetensors file with W_Q, W_K, W_V and perhaps X_init; absent: seeded");
}

}  // namespace

Command AddGenerateCommand(CLI::App& app) {
  app.description(
      "Generates a VAR transformer's token maps in two parts, the KV cache crossing between "
      "them;\ntokenlog: the initial token in place of a cache.\n"
      "  kvwire generate --algorithm exact --algorithm float16 --output maps");
  const auto options = std::make_shared<GenerateOptions>();
  AddModelOptions(app, *options);
  app.add_option("--algorithm", options->algorithms,
                 "what the cache is, or tokenlog; may be repeated")
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--output", options->folder, "folder for pictures of the last maps");
  app.add_option("--json", options->run.json,
                 "write the result as JSON to this file; - for stdout");
  AddServiceOptions(app, options->run);
  return [options] { return GenerateCommand(*options); };
}

}  // namespace kvwire
