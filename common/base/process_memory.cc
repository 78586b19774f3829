#include "common/base/process_memory.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace kvwire {

std::optional<int64_t> PeakMemoryBytes(pid_t process) {
  const std::string name = process == 0 ? "self" : absl::StrCat(process);
  std::ifstream status(absl::StrCat("/proc/", name, "/status"));
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  int64_t kibibytes = 0;
  if (!(status >> kibibytes)) return std::nullopt;
  return kibibytes << 10;
}

}  // namespace kvwire
