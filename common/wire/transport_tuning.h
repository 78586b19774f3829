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

}  // namespace kvwire

#endif  // KVWIRE_COMMON_WIRE_TRANSPORT_TUNING_H_
