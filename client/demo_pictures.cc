#include "client/demo_pictures.h"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/delivery.h"
#include "client/demo_picture_data.h"
#include "client/picture.h"
#include "client/report.h"
#include "client/verdict.h"
#include "common/base/status_macros.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

std::string FileName(const std::string& algorithm) {
  std::string name = algorithm;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
  return absl::StrCat(name, ".png");
}

void PrintRow(const RunResult& result, bool identical, bool ok, const std::string& file) {
  const auto bits = static_cast<double>(result.parameters.payload_bits());
  std::cout << absl::StrFormat(
                   "  %-28s %10.3f %12d %12d %9d  %-7s %-9s %s", result.parameters.algorithm,
                   static_cast<double>(result.state_bits) / bits, result.wire_bytes(),
                   (result.floor_bits() + 7) / 8, result.bit_errors, ok ? "ok" : "FAILED",
                   identical ? "identical" : "damaged", file)
            << std::endl;
}

absl::StatusOr<bool> ShowOne(Driver& driver, RunOptions options, const Exhibit& exhibit,
                             const Picture& picture, const std::string& folder,
                             std::vector<std::string>& results) {
  options.algorithm = exhibit.algorithm;
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request, MakeRunRequest(options, picture.pixels));
  KVWIRE_ASSIGN_OR_RETURN(const RunResult result, driver.Run(request));
  const Verdict verdict =
      Judge(result, {.allow_shared_algorithm = options.allow_shared_algorithm});
  results.push_back(ResultJson(result, verdict));
  KVWIRE_ASSIGN_OR_RETURN(const std::string received, ReceivedBytes(result));
  const std::string file = FileName(exhibit.algorithm);
  KVWIRE_RETURN_IF_ERROR(
      WriteReceivedPicture(picture, received, absl::StrCat(folder, "/", file)));
  const bool identical = received == picture.pixels;
  PrintRow(result, identical, verdict.ok(), file);
  for (const std::string& reason : verdict.reasons) std::cout << "    " << reason << "\n";
  return verdict.ok() && (identical || !exhibit.lossless);
}

}  // namespace

std::vector<Exhibit> AllExhibits() {
  std::vector<Exhibit> exhibits;
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    if (algorithm.attention == AttentionSupport::kTensor) continue;
    exhibits.push_back({std::string(algorithm.name), algorithm.keeps_every_bit});
  }
  exhibits.push_back({"streaming:sinks=4,window=680", false});
  return exhibits;
}

absl::StatusOr<bool> ShowPictures(Driver& driver, const RunOptions& options,
                                  const std::vector<Exhibit>& exhibits,
                                  const std::string& folder,
                                  std::vector<std::string>& results) {
  const std::string original = absl::StrCat(folder, "/original.png");
  KVWIRE_RETURN_IF_ERROR(WriteReceivedFile(
      std::string(reinterpret_cast<const char*>(kDemoPicture), sizeof(kDemoPicture)),
      original));
  KVWIRE_ASSIGN_OR_RETURN(const Picture picture, ReadPicture(original));
  std::cout << absl::StrFormat(
      "Alice sends a picture of %d x %d pixels to Bob, over gRPC, as the memory of a KV "
      "cache\n"
      "(pyramid 1,2,4,...,%d, d = %d; written to %s/):\n\n"
      "  %-28s %10s %12s %12s %9s  %-7s %s\n",
      picture.shape.width, picture.shape.height, *options.n, options.dims, folder, "algorithm",
      "state bits", "wire bytes", "floor bytes", "errors", "verdict", "picture");
  std::cout << absl::StrFormat("  %-28s %10s %12s %12s\n", "", "/ payload b.", "",
                               "at the errors");
  bool good = true;
  for (const Exhibit& exhibit : exhibits) {
    KVWIRE_ASSIGN_OR_RETURN(const bool one,
                            ShowOne(driver, options, exhibit, picture, folder, results));
    good = good && one;
  }
  return good;
}

}  // namespace kvwire
