#include "common/waterfall/tls_tap.h"

#include <openssl/ssl3.h>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// RFC 8446, sections 4 and 5: a record's length is the last field of its header; a hello is
// type (1), length (3), version (2), random (32), and, in that of a server, a session id
// (1 and as long as that says) and the cipher suite (2).
constexpr size_t kLengthAt = 3;
constexpr size_t kRandomAt = 6;
constexpr size_t kRandomBytes = 32;

size_t Number(std::string_view bytes, size_t at) {
  return static_cast<size_t>(static_cast<unsigned char>(bytes[at])) << 8 |
         static_cast<unsigned char>(bytes[at + 1]);
}

}  // namespace

bool TlsTap::IsTls(char first_byte) { return first_byte == SSL3_RT_HANDSHAKE; }

absl::Status TlsTap::Append(Sender sender, std::string_view bytes, Sink sink) {
  std::string& pending = EndOf(sender).pending;
  pending.append(bytes);
  size_t at = 0;
  while (pending.size() - at >= kTlsHeaderBytes) {
    const std::string_view rest = std::string_view(pending).substr(at);
    const size_t size = Number(rest, kLengthAt);
    if (rest.size() < kTlsHeaderBytes + size) break;
    KVWIRE_RETURN_IF_ERROR(Take(sender, rest.substr(0, kTlsHeaderBytes),
                                rest.substr(kTlsHeaderBytes, size), sink));
    at += kTlsHeaderBytes + size;
  }
  pending.erase(0, at);
  return absl::OkStatus();
}

absl::Status TlsTap::Take(Sender sender, std::string_view header, std::string_view body,
                          Sink sink) {
  End& end = EndOf(sender);
  end.counts.record_headers += kTlsHeaderBytes;
  const auto size = static_cast<int64_t>(body.size());
  switch (header[0]) {
    case SSL3_RT_CHANGE_CIPHER_SPEC:
      end.counts.handshake += size;
      return absl::OkStatus();
    case SSL3_RT_ALERT:
      end.counts.alerts += size;
      return absl::OkStatus();
    case SSL3_RT_HANDSHAKE:
      end.counts.handshake += size;
      return TakeHello(sender, body);
    case SSL3_RT_APPLICATION_DATA:
      return TakeProtected(end, header, body, sink);
    default:
      return absl::DataLossError(
          absl::StrCat("a record of TLS has the type ", static_cast<int>(header[0])));
  }
}

absl::Status TlsTap::TakeHello(Sender sender, std::string_view message) {
  constexpr size_t kSessionAt = kRandomAt + kRandomBytes;
  if (message.size() <= kSessionAt) {
    return absl::DataLossError("a hello of TLS is cut short");
  }
  if (sender == Sender::kClient) {
    client_random_ = message.substr(kRandomAt, kRandomBytes);
    return absl::OkStatus();
  }
  const size_t suite_at = kSessionAt + 1 + static_cast<unsigned char>(message[kSessionAt]);
  if (message.size() < suite_at + 2) return absl::DataLossError("a hello of TLS is cut short");
  return DeriveKeys(static_cast<uint16_t>(Number(message, suite_at)));
}

absl::Status TlsTap::DeriveKeys(uint16_t cipher_suite) {
  const auto derive = [&](std::string_view label, std::optional<TlsRecordKey>& key) {
    const std::string_view secret = keys_.Find(label, client_random_);
    if (secret.empty()) {
      return absl::FailedPreconditionError(
          "the connection is encrypted and its session keys are not known: start Alice with "
          "--tls-key-log FILE and name that file here too");
    }
    const absl::StatusOr<TlsRecordKey> derived = TlsRecordKey::Derive(cipher_suite, secret);
    if (!derived.ok()) return absl::DataLossError(derived.status().message());
    key = *derived;
    return absl::OkStatus();
  };
  KVWIRE_RETURN_IF_ERROR(derive("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client_.handshake));
  KVWIRE_RETURN_IF_ERROR(derive("CLIENT_TRAFFIC_SECRET_0", client_.application));
  KVWIRE_RETURN_IF_ERROR(derive("SERVER_HANDSHAKE_TRAFFIC_SECRET", server_.handshake));
  return derive("SERVER_TRAFFIC_SECRET_0", server_.application);
}

// Which key protects a record is not written on it; only the right one opens it.
absl::Status TlsTap::TakeProtected(End& end, std::string_view header, std::string_view body,
                                   Sink sink) {
  std::optional<std::string> opened;
  if (end.handshake.has_value()) opened = end.handshake->Open(header, body);
  if (!opened.has_value() && end.application.has_value()) {
    opened = end.application->Open(header, body);
    if (opened.has_value()) end.handshake.reset();
  }
  if (!opened.has_value()) {
    return absl::DataLossError("a record of TLS cannot be opened with the session's keys");
  }
  std::string_view content = *opened;
  while (!content.empty() && content.back() == '\0') content.remove_suffix(1);
  if (content.empty()) return absl::DataLossError("a record of TLS has no type");
  const char type = content.back();
  content.remove_suffix(1);
  const auto size = static_cast<int64_t>(content.size());
  end.counts.protection += static_cast<int64_t>(body.size()) - size;
  if (type == SSL3_RT_APPLICATION_DATA) return sink(content);
  (type == SSL3_RT_ALERT ? end.counts.alerts : end.counts.handshake) += size;
  return absl::OkStatus();
}

absl::Status TlsTap::Finish() const {
  if (client_.pending.empty() && server_.pending.empty()) return absl::OkStatus();
  return absl::DataLossError("the connection ends within a record of TLS");
}

}  // namespace kvwire
