#ifndef KVWIRE_TESTS_SERVER_SPOOL_DIRECTORY_H_
#define KVWIRE_TESTS_SERVER_SPOOL_DIRECTORY_H_

// A directory for a test's spool, in memory where there is such a place: these tests wait
// for their disk some ten thousand times.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace kvwire {

inline std::string MakeSpoolDirectory() {
  const std::filesystem::path memory = "/dev/shm";
  const std::filesystem::path place =
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string name = (place / "kvwire-spool-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory " + name);
  return name;
}

}  // namespace kvwire

#endif  // KVWIRE_TESTS_SERVER_SPOOL_DIRECTORY_H_
