#ifndef KVWIRE_COMMON_WIRE_TRANSPORT_TUNING_H_
#define KVWIRE_COMMON_WIRE_TRANSPORT_TUNING_H_

// What makes gRPC 1.51 move bulk data fast; tests/bench/README.md has the measurements.
// All of it is about time and memory: no byte that crosses depends on it but those of
// frame headers, window updates and pings.

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

namespace kvwire {

// For the whole process: call first in main, before there are threads and before gRPC is
// used. What the environment already says of gRPC's experiments stays.
void TuneProcess();

// For whoever receives snapshots: reads of up to 1 MiB.
void TuneReceiver(grpc::ServerBuilder& builder);
void TuneReceiver(grpc::ChannelArguments& arguments);

// For who serves Alice's channel: a flow-control window of fixed size in the place of one that
// follows what gRPC guesses of the link, up to 1 GiB. It is what a cut can cost: a sender is
// ahead of what Bob has stored by the window and a few chunks at most (alice_transfer.h). 16
// MiB in flight fill a link of 1.3 Gbit/s over 100 ms, more than TCP does with the buffers
// that Linux gives it by default.
inline constexpr int kChannelWindowBytes = 16 << 20;
void FixChannelWindow(grpc::ServerBuilder& builder);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_TRANSPORT_TUNING_H_
