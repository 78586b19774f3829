// Opening any bytes as a safetensors file: a documented error, or a header that describes
// the data to the byte, and tensors that can be read, or not, for a documented reason.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/var/safetensors.h"
#include "tests/fuzz/fuzz_require.h"

namespace kvwire {
namespace {

using Code = absl::StatusCode;

// A file in memory, the same one for all inputs.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("safetensors", MFD_CLOEXEC)) {
    Require(descriptor_ >= 0, "a file in memory");
  }

  void Fill(const uint8_t* data, size_t size) const {
    Require(ftruncate(descriptor_, 0) == 0 &&
                pwrite(descriptor_, data, size, 0) == static_cast<ssize_t>(size),
            "the file can be written");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void ReadTensor(const SafetensorsFile& file, const std::string& name,
                const SafetensorsEntry& entry) {
  const size_t dimensions = entry.shape.size();
  const int64_t rows = dimensions == 2 ? entry.shape[0] : 1;
  const int64_t cols = dimensions > 0 ? entry.shape.back() : 1;
  const auto matrix = file.Read(name, rows, cols);
  if (!matrix.ok()) return RequireCode(matrix.status(), {Code::kInvalidArgument});
  Require(dimensions == 1 || dimensions == 2, "only vectors and matrices are read");
  Require(matrix->rows() == rows && matrix->cols() == cols, "the shape is the header's");
  Require(matrix->allFinite(), "numbers are finite");
}

}  // namespace
}  // namespace kvwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvwire;
  static const auto* const memory = new MemoryFile();
  memory->Fill(data, size);
  const auto file = SafetensorsFile::Open(memory->path());
  if (!file.ok()) {
    RequireCode(file.status(), {Code::kDataLoss});
    return 0;
  }
  int64_t data_bytes = 0;
  for (const auto& [name, entry] : file->header()) {
    data_bytes += entry.bytes();
    ReadTensor(*file, name, entry);
  }
  Require(data_bytes + 8 <= static_cast<int64_t>(size), "tensors do not overlap");
  RequireCode(file->Read("no such tensor\n", 1, 1).status(), {Code::kInvalidArgument});
  return 0;
}
