#include "server/calls/event_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kvwire {
namespace {

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

// Lives as long as the process: its threads report until they end.
std::atomic<spdlog::logger*> reporter = nullptr;

}  // namespace

void StartEventLog(const std::string& service, LogLevel least) {
  auto* const logger =
      new spdlog::logger(service, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(SpdlogLevel(least));
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::debug);
  reporter = logger;
}

void LogEvent(LogLevel level, std::string_view event, const nlohmann::ordered_json& fields) {
  spdlog::logger* const logger = reporter;
  if (logger == nullptr || !logger->should_log(SpdlogLevel(level))) return;
  const auto name = spdlog::level::to_string_view(SpdlogLevel(level));
  nlohmann::ordered_json line = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone())},
      {"level", std::string(name.data(), name.size())},
      {"service", logger->name()},
      {"event", std::string(event)}};
  line.update(fields);
  // Names and messages may come from strangers: whatever they hold, it is one line.
  logger->log(SpdlogLevel(level),
              line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
}

std::string RunName(uint64_t run_id) { return absl::StrFormat("%016x", run_id); }

}  // namespace kvwire
