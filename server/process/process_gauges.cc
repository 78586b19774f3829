#include "server/process/process_gauges.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "server/calls/peer_wait.h"

namespace kvwire {
namespace {

// The number behind `key` in /proc/self/status; 0 if it is not there.
double StatusNumber(std::string_view key) {
  std::ifstream file("/proc/self/status");
  std::string word;
  double number = 0;
  while (file >> word) {
    if (word == key && file >> number) return number;
  }
  return 0;
}

double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  // One of them is the iterator's own.
  return error ? 0 : static_cast<double>(std::distance(begin(all), end(all)) - 1);
}

constexpr double kKibibyte = 1024;

}  // namespace

std::vector<MetricGauge> ProcessGauges() {
  return {{"process_resident_memory_bytes", "Resident memory.",
           [] { return kKibibyte * StatusNumber("VmRSS:"); }},
          {"process_resident_memory_peak_bytes", "The most that it ever was.",
           [] { return kKibibyte * StatusNumber("VmHWM:"); }},
          {"process_threads", "Threads.", [] { return StatusNumber("Threads:"); }},
          {"process_open_fds", "Open file descriptors.", OpenDescriptors},
          {"kvwire_calls_cut_off", "Calls cancelled because their callers kept them waiting.",
           [] { return static_cast<double>(CallsCutOff()); }}};
}

}  // namespace kvwire
