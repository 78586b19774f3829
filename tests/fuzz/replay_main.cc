// NAME_replay FOLDER: runs a fuzz target once on each file of the folder, and on its seeds,
// without a fuzzer. NAME_replay --seeds FOLDER: writes the seeds into the folder instead.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& name, const std::string& bytes) {
  // Before: the last name printed is that of the input that ended the process.
  std::fprintf(stderr, "%s\n", name.c_str());
  // A copy of its own, so that reading past its end shows under AddressSanitizer.
  const std::vector<uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

bool Replay(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    Run(path.string(), {std::istreambuf_iterator<char>(file), {}});
  }
  for (const kvwire::Seed& seed : kvwire::Seeds()) Run(seed.name, seed.bytes);
  return !files.empty();
}

bool WriteSeeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const kvwire::Seed& seed : kvwire::Seeds()) {
    std::ofstream file(folder / seed.name, std::ios::binary);
    file << seed.bytes;
    file.close();
    if (!file.good()) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1) return Replay(arguments[0]) ? 0 : 1;
  if (arguments.size() == 2 && arguments[0] == "--seeds") {
    return WriteSeeds(arguments[1]) ? 0 : 1;
  }
  std::fprintf(stderr, "usage: %s [--seeds] FOLDER\n", argv[0]);
  return 2;
}
