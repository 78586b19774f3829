#include <string>
#include <utility>

#include "tests/fuzz/seeds.h"

namespace kvwire {
namespace {

// The words of a command line, which are between blanks, as the target takes them.
std::string Lines(std::string words) {
  for (char& c : words) {
    if (c == ' ') c = '\n';
  }
  return words + "\n";
}

}  // namespace

std::vector<Seed> Seeds() {
  const std::pair<std::string, std::string> lines[] = {
      {"nothing", ""},
      {"help", "--help"},
      {"version", "--version"},
      {"unknown_command", "walk"},
      {"two_commands", "list run"},
      {"run", "run --n 4 --d 8 --algorithm bitplane"},
      {"run_help", "run --help"},
      {"run_scales", "run --scales 1,2,3,5 --d 4 --ask 2.1,0.0"},
      {"run_all", "run --ask all --n 4 --d 4 --json - --seed 7 --mask none"},
      {"run_random", "run --ask random:3 --n 4 --d 4 --secret-seed 00ff"},
      {"run_index", "run --problem index --n 9 --d 4 --sharpness paper"},
      {"run_multi_index", "run --problem multi-index --n 4 --d 4"},
      {"run_tensor4", "run --problem tensor4 --n 6 --d 8 --frame code --sharpness 40"},
      {"run_tensor2", "run --problem tensor2 --n 3 --d 3 --frame gaussian"},
      {"run_packed", "run --n 4 --d 3 --frame packed --sharpness 100"},
      {"run_eta", "run --n 4 --d 4 --eta 0.25 --eta-mode random --encoding signs"},
      {"run_wrapped", "run --n 4 --d 4 --algorithm kivi:bits=3,group=4+window:recent=2+ans"},
      {"run_endpoints",
       "run --alice 127.0.0.1:7001 --bob [::1]:7002 --channel localhost:7003"},
      {"run_limits", "run --timeout 1h2m3.5s --threads 3 --memory-limit 64MiB"},
      {"run_equals", "run --n=4 --d=4 --ask=all --allow-shared-algorithm"},
      {"run_negative", "run --n -4 --d -1 --seed -1"},
      {"run_no_coordinates", "run --d 0"},
      {"run_too_large", "run --n 9223372036854775808 --d 18446744073709551616"},
      {"run_not_a_number", "run --n four --eta nan --sharpness inf"},
      {"run_repeated", "run --n 4 --n 8"},
      {"run_rest", "run -- --n 4"},
      {"run_capture", "run --waterfall --pcap run.pcap --capture-interface any"},
      {"send", "send README.md --d 64 --algorithm float16 --output arrived.md"},
      {"demo", "demo --timeout 5s"},
      {"rank", "rank --workload random --seeds 2 --tokens 64 --quick --csv -"},
      {"curve", "curve --help"},
      {"bounds", "bounds --n 64 --d 256 --error 0.1 --indices 3 --success 0.9"},
      {"problems", "problems --eta 0.5"},
      {"generate", "generate --output maps"},
      {"verify", "verify all"},
      {"inspect", "inspect message.kvws"},
      {"waterfall", "waterfall run.pcap --port 7003"},
      {"health", "health 127.0.0.1:7001"},
      {"conformance", "conformance --algorithm-endpoint 127.0.0.1:7004"},
      {"list", "list --json -"},
  };
  std::vector<Seed> seeds;
  for (const auto& [name, words] : lines) seeds.push_back({name, Lines(words)});
  return seeds;
}

}  // namespace kvwire
