// Any command line, up to what it would do: refused with a message, or understood. What says
// which instance runs is followed to the parameters of the run.
//
// The input is the words, each ended by a line feed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/commands.h"
#include "client/problem_options.h"
#include "client/question.h"
#include "client/secret_bits.h"
#include "common/base/parallel.h"
#include "common/wire/endpoint.h"
#include "tests/fuzz/fuzz_require.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

// Above, solving for the sharpness takes long.
constexpr int64_t kMostTokens = 64;
constexpr int64_t kMostDims = 32;

// In reverse order, as CLI11 takes them.
std::vector<std::string> WordsOf(std::string_view input) {
  std::vector<std::string> words;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    words.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  std::reverse(words.begin(), words.end());
  return words;
}

// Whether the words could be parsed.
bool Parse(CLI::App& app, std::vector<std::string> words) {
  try {
    app.parse(std::move(words));
    return true;
  } catch (const CLI::ParseError& error) {
    Require(*error.what() != '\0' || error.get_exit_code() == 0, "an error has a message");
    if (error.get_name() == "CallForHelp") Require(!app.help().empty(), "there is help");
    return false;
  }
}

// Making the flags takes longer than parsing: they are made once.
CLI::App& WholeProgram() {
  static CLI::App* const app = [] {
    auto* const program = new CLI::App("kvwire");
    program->set_version_flag("--version", "kvwire");
    program->require_subcommand(1);
    // They own what the flags are written to.
    static const auto* const commands =
        new std::vector<std::pair<CLI::App*, Command>>(AddCommands(*program));
    return commands->empty() ? nullptr : program;
  }();
  return *app;
}

struct RunFlags {
  CLI::App app;
  RunOptions options;

  RunFlags() {
    AddProblemOptions(app, options);
    AddServiceOptions(app, options);
  }
};

void TryQuestion(const std::string& ask, const PublicParameters& parameters) {
  const auto question = ParseQuestion(ask, parameters.shape.tokens(), parameters.dims);
  if (!question.ok()) {
    return RequireCode(question.status(), {Code::kInvalidArgument, Code::kOutOfRange});
  }
  Require(question->all || question->random_count > 0 || !question->positions.empty(),
          "a question asks for something");
  Require(std::all_of(question->positions.begin(), question->positions.end(),
                      [&](int64_t position) {
                        return position >= 0 && position < parameters.payload_bits();
                      }),
          "a question asks for what there is");
}

void TryParameters(const RunOptions& options) {
  for (const int64_t file_bits : {int64_t{0}, int64_t{100}}) {
    const auto shape = ShapeOf(options, file_bits);
    if (!shape.ok()) {
      RequireCode(shape.status(), {Code::kInvalidArgument, Code::kOutOfRange});
      continue;
    }
    Require(shape->tokens() > 0 && shape->queries() > 0, "an instance has rows");
    if (shape->tokens() > kMostTokens || options.dims > kMostDims) continue;
    const auto parameters = ParametersOf(options, file_bits);
    if (!parameters.ok()) {
      RequireCode(parameters.status(), {Code::kInvalidArgument, Code::kOutOfRange});
      continue;
    }
    RequireOk(CheckParameters(*parameters), "the parameters are sound");
    TryQuestion(options.ask.empty() ? DefaultQuestion(*parameters) : options.ask, *parameters);
  }
}

void TryTexts(const RunOptions& options) {
  const auto services = ServicesOptionsOf(options);
  if (!services.ok()) RequireCode(services.status(), {Code::kInvalidArgument});
  const auto secret = SecretBits::FromSeed(options.secret_seed);
  if (!secret.ok()) RequireCode(secret.status(), {Code::kInvalidArgument});
  const auto endpoint = ParseEndpoint(options.services.alice);
  if (!endpoint.ok()) return RequireCode(endpoint.status(), {Code::kInvalidArgument});
  const auto again = ParseEndpoint(endpoint->ToString());
  RequireOk(again.status(), "an endpoint is read as it is written");
  Require(*again == *endpoint, "an endpoint is read as it is written");
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  std::vector<std::string> words = WordsOf({reinterpret_cast<const char*>(data), size});
  Parse(WholeProgram(), words);
  static auto* const run = new RunFlags();
  run->options = RunOptions();
  // Without the name of the command.
  if (!words.empty()) words.pop_back();
  if (!Parse(run->app, std::move(words))) return 0;
  // `--threads` was obeyed as it was read: a thousand would be started here.
  SetParallelThreads(1);
  TryTexts(run->options);
  TryParameters(run->options);
  return 0;
}
