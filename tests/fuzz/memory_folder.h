#ifndef KVWIRE_TESTS_FUZZ_MEMORY_FOLDER_H_
#define KVWIRE_TESTS_FUZZ_MEMORY_FOLDER_H_

// A folder for the files of a target, in memory where there is such a place: a disk would be
// waited for at every sync.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/fuzz/fuzz_require.h"

namespace kvwire {

class MemoryFolder {
 public:
  explicit MemoryFolder(const std::string& name) {
    constexpr const char* kInMemory = "/dev/shm";
    const std::filesystem::path parent = access(kInMemory, W_OK) == 0
                                             ? std::filesystem::path(kInMemory)
                                             : std::filesystem::temp_directory_path();
    path_ = (parent / ("kvwire-" + name + "-XXXXXX")).string();
    Require(mkdtemp(path_.data()) != nullptr, "a folder in memory");
  }
  ~MemoryFolder() { std::filesystem::remove_all(path_); }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;

  const std::string& path() const { return path_; }

  // Deletes what is in it.
  void Empty() const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove_all(entry.path());
    }
  }

 private:
  std::string path_;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_MEMORY_FOLDER_H_
