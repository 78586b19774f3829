#include "common/wire/channels.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/wire/transport_tuning.h"

namespace kvwire {
namespace {

constexpr int kIdentityOnly = 1 << GRPC_COMPRESS_NONE;

grpc::ChannelArguments CommonArguments(const Endpoint& endpoint,
                                       const ChannelSecurity& security) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, kIdentityOnly);
  // A service that is just starting is tried again soon.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  TuneReceiver(arguments);
  // Else it would be the authority, which says nothing of the host.
  if (security.encrypted()) arguments.SetSslTargetNameOverride(security.PeerName(endpoint));
  return arguments;
}

// What gRPC dials. An address goes by without the resolver, which takes its time to start.
std::string Target(const Endpoint& endpoint) {
  in6_addr address;
  if (inet_pton(AF_INET, endpoint.host.c_str(), &address) == 1) {
    return absl::StrCat("ipv4:", endpoint.ToString());
  }
  if (inet_pton(AF_INET6, endpoint.host.c_str(), &address) == 1) {
    return absl::StrCat("ipv6:", endpoint.ToString());
  }
  return endpoint.ToString();
}

std::set<uint64_t> Cookies(const std::vector<OpenSocket>& sockets) {
  std::set<uint64_t> cookies;
  for (const OpenSocket& socket : sockets) cookies.insert(socket.cookie);
  return cookies;
}

// The only connection to `port` that is not among `known`.
absl::StatusOr<OpenSocket> NewSocket(const std::set<uint64_t>& known, int port) {
  std::vector<OpenSocket> fresh = ListOpenSockets();
  std::erase_if(fresh, [&](const OpenSocket& socket) {
    return socket.peer_port != port || known.contains(socket.cookie);
  });
  if (fresh.size() != 1) {
    return absl::UnavailableError(
        absl::StrCat(fresh.size(), " new connections to port ", port,
                     " instead of one: its bytes cannot be counted"));
  }
  return fresh.front();
}

// Why the last attempt to connect failed, in parentheses; empty if gRPC does not say. It says
// so only to calls, so one is made, which fails at once.
std::string LastConnectError(grpc::Channel& channel) {
  if (channel.GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_TRANSIENT_FAILURE) return "";
  grpc::GenericStub stub(channel.shared_from_this());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(200)));
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](const grpc::Status& result) {
                   status = result;
                   done.Notify();
                 });
  done.WaitForNotification();
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return "";
  const std::string message = status.error_message();
  absl::string_view reason = message;
  absl::ConsumePrefix(&reason, "failed to connect to all addresses; last error: ");
  return absl::StrCat(" (", reason, ")");
}

grpc::ChannelArguments MeasuredArguments(const Endpoint& endpoint,
                                         const ChannelSecurity& security) {
  grpc::ChannelArguments arguments = CommonArguments(endpoint, security);
  // A subchannel pool of its own: otherwise an equal channel would share the socket.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // The count must not depend on the digits of a port.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "bob");
  // Without the filter that would compress nothing no header says so either.
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  // While a sender computes it is idle; closed for that, it would be opened again uncounted.
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, std::numeric_limits<int>::max());
  return arguments;
}

bool IsCancelled(const Cancellation* cancellation) {
  return cancellation != nullptr && cancellation->cancelled();
}

// Waits in steps, so that it may be cancelled: until `done`, which takes the time that a step
// may last, says so, or the limit is reached, false then.
bool WaitInSteps(absl::Duration limit, Cancellation* cancellation,
                 absl::FunctionRef<bool(absl::Duration)> done) {
  constexpr absl::Duration kStep = absl::Milliseconds(50);
  absl::Duration left = limit;
  do {
    if (IsCancelled(cancellation)) return false;
    if (done(std::min(left, kStep))) return true;
    left -= kStep;
  } while (left > absl::ZeroDuration());
  return false;
}

bool WaitConnectedInSteps(grpc::Channel& channel, absl::Duration limit,
                          Cancellation* cancellation) {
  return WaitInSteps(limit, cancellation, [&](absl::Duration step) {
    return channel.WaitForConnected(absl::ToChronoTime(absl::Now() + step));
  });
}

absl::Status Unreachable(grpc::Channel& channel, const Endpoint& endpoint,
                         absl::Duration timeout, std::string_view what) {
  return absl::UnavailableError(absl::StrCat(
      std::string(what), " at ", endpoint.ToString(), " cannot be reached within ",
      absl::FormatDuration(timeout),
      "; is it running, is the address right, and do both ends speak TLS or neither?",
      LastConnectError(channel)));
}

// Connects `channel` within `limit`, unless it is cancelled: false then. The meter is attached
// to the one socket that is new; UNAVAILABLE if that has gone already, or is not the only one.
absl::StatusOr<bool> TryConnect(grpc::Channel& channel, const Endpoint& endpoint,
                                absl::Duration limit, Cancellation* cancellation,
                                TcpMeter& meter) {
  static std::timed_mutex one_at_a_time;
  std::unique_lock lock(one_at_a_time, std::defer_lock);
  const bool locked = WaitInSteps(limit, cancellation, [&](absl::Duration step) {
    return lock.try_lock_for(absl::ToChronoNanoseconds(step));
  });
  if (!locked) return false;
  const std::set<uint64_t> known = Cookies(ListOpenSockets());
  if (!WaitConnectedInSteps(channel, limit, cancellation)) return false;
  KVWIRE_ASSIGN_OR_RETURN(OpenSocket socket, NewSocket(known, endpoint.port));
  KVWIRE_ASSIGN_OR_RETURN(meter, TcpMeter::Attach(socket));
  return true;
}

}  // namespace

std::shared_ptr<grpc::Channel> ControlChannel(const Endpoint& endpoint,
                                              const ChannelSecurity& security) {
  return grpc::CreateCustomChannel(Target(endpoint), security.credentials(),
                                   CommonArguments(endpoint, security));
}

std::shared_ptr<grpc::Channel> UnsharedChannel(const Endpoint& endpoint,
                                               const ChannelSecurity& security) {
  grpc::ChannelArguments arguments = CommonArguments(endpoint, security);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(Target(endpoint), security.credentials(), arguments);
}

absl::Status WaitConnected(grpc::Channel& channel, const Endpoint& endpoint,
                           absl::Duration timeout, std::string_view what,
                           Cancellation* cancellation) {
  if (WaitConnectedInSteps(channel, timeout, cancellation)) return absl::OkStatus();
  if (IsCancelled(cancellation)) return absl::CancelledError("the run was cancelled");
  return Unreachable(channel, endpoint, timeout, what);
}

absl::StatusOr<MeasuredChannel> ConnectMeasured(const Endpoint& endpoint,
                                                absl::Duration timeout, std::string_view what,
                                                const ChannelSecurity& security,
                                                Cancellation* cancellation) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + absl::ToChronoNanoseconds(timeout);
  absl::Status unmetered;  // why one that was there could not be metered
  for (absl::Duration slice = absl::Seconds(1);; slice *= 2) {
    const absl::Duration left = absl::FromChrono(deadline - Clock::now());
    MeasuredChannel measured;
    measured.channel = grpc::CreateCustomChannel(Target(endpoint), security.credentials(),
                                                 MeasuredArguments(endpoint, security));
    const absl::StatusOr<bool> connected = TryConnect(
        *measured.channel, endpoint, std::min(slice, left), cancellation, measured.meter);
    if (connected.ok() && *connected) return measured;
    if (IsCancelled(cancellation)) return absl::CancelledError("the run was cancelled");
    unmetered.Update(connected.status());
    if (left <= slice) {
      return unmetered.ok() ? Unreachable(*measured.channel, endpoint, timeout, what)
                            : unmetered;
    }
    if (!connected.ok()) absl::SleepFor(absl::Milliseconds(20));
  }
}

}  // namespace kvwire
