#ifndef KVWIRE_CLIENT_CONFORMANCE_EXPECTATIONS_H_
#define KVWIRE_CLIENT_CONFORMANCE_EXPECTATIONS_H_

// What a case expects. Each returns OK, or INTERNAL with a sentence that names what was
// expected and what came instead.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kvwire::conformance {

// Something other than expected.
absl::Status Fault(std::string_view what, std::string_view expected, std::string_view got);

absl::Status ExpectOk(std::string_view what, const absl::Status& got);

// One of `codes`, with all of `words` in the message.
absl::Status ExpectError(std::string_view what, const absl::Status& got,
                         std::initializer_list<absl::StatusCode> codes,
                         std::initializer_list<std::string_view> words = {});

absl::Status ExpectEqual(std::string_view what, int64_t expected, int64_t got);

// Says where the bytes differ first.
absl::Status ExpectSameBytes(std::string_view what, std::string_view expected,
                             std::string_view got);

// "OK", or "CODE: message" cut to a readable length.
std::string StatusText(const absl::Status& status);

}  // namespace kvwire::conformance

#endif  // KVWIRE_CLIENT_CONFORMANCE_EXPECTATIONS_H_
