#ifndef KVWIRE_SERVER_CALLS_EVENT_LOG_H_
#define KVWIRE_SERVER_CALLS_EVENT_LOG_H_

// What a service reports while it runs: one JSON object a line on stderr. Bits, questions
// and keys are never among the fields. Thread-safe.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace kvwire {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Says who reports, and what is worth a line. Before it is called nothing is reported.
void StartEventLog(const std::string& service, LogLevel least);

// Writes {"time", "level", "service", "event", ...fields}. `fields` is an object.
void LogEvent(LogLevel level, std::string_view event, const nlohmann::ordered_json& fields);

// A run as reports name it, and as the results of kvwire do.
std::string RunName(uint64_t run_id);

}  // namespace kvwire

#endif  // KVWIRE_SERVER_CALLS_EVENT_LOG_H_
