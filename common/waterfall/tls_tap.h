#ifndef KVWIRE_COMMON_WATERFALL_TLS_TAP_H_
#define KVWIRE_COMMON_WATERFALL_TLS_TAP_H_

// Listens to a TLS 1.3 connection between two others, whose session keys are known: counts
// what TLS adds and hands on what is in it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/waterfall/byte_counts.h"
#include "common/waterfall/http2_tap.h"
#include "common/waterfall/key_log.h"
#include "common/waterfall/tls_record_key.h"

namespace kvwire {

// Holds one record an end. Thread-compatible.
class TlsTap {
 public:
  using Sink = absl::FunctionRef<absl::Status(std::string_view)>;

  // Whether a client that begins with this byte speaks TLS.
  static bool IsTls(char first_byte);

  // `keys` must outlive the tap.
  explicit TlsTap(const KeyLog& keys) : keys_(keys) {}

  // The next bytes of one end, in the order in which both ends sent them; `sink` gets the
  // application data in them. Returns the sink's error; FAILED_PRECONDITION if the keys are
  // not those of the connection; DATA_LOSS on what is not TLS 1.3. An error is final.
  absl::Status Append(Sender sender, std::string_view bytes, Sink sink);

  // Returns DATA_LOSS if an end's bytes do not end where a record does.
  absl::Status Finish() const;

  const TlsBytes& bytes(Sender sender) const { return EndOf(sender).counts; }

 private:
  struct End {
    TlsBytes counts;
    std::string pending;
    std::optional<TlsRecordKey> handshake;  // absent once the handshake is over
    std::optional<TlsRecordKey> application;
  };

  End& EndOf(Sender sender) { return sender == Sender::kClient ? client_ : server_; }
  const End& EndOf(Sender sender) const {
    return sender == Sender::kClient ? client_ : server_;
  }
  absl::Status Take(Sender sender, std::string_view header, std::string_view body, Sink sink);
  absl::Status TakeHello(Sender sender, std::string_view message);
  absl::Status TakeProtected(End& end, std::string_view header, std::string_view body,
                             Sink sink);
  absl::Status DeriveKeys(uint16_t cipher_suite);

  const KeyLog& keys_;
  std::string client_random_;
  End client_;
  End server_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WATERFALL_TLS_TAP_H_
