#include "common/wire/transport_tuning.h"

#include <grpc/grpc.h>
#include <malloc.h>

#include <cstdlib>
#include <string>

namespace kvwire {
namespace {

constexpr const char* kReadChunkArguments[] = {GRPC_ARG_TCP_READ_CHUNK_SIZE,
                                               GRPC_ARG_TCP_MIN_READ_CHUNK_SIZE,
                                               GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE};
constexpr int kReadChunkBytes = 1 << 20;

// Received pieces are allocated and freed by the MiB. With glibc's defaults each of them
// grows and trims the heap of its thread: page faults that cost more than copying the
// bytes, and a heap a thread that keeps what is free. 32 MiB is the largest threshold that
// glibc takes; a larger one is ignored without a word.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace

void TuneProcess() {
  KeepFreedMemory();
  // It cuts what is read into pieces of 64 KiB, whatever the arguments below say.
  setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", /*overwrite=*/0);
}

void TuneReceiver(grpc::ServerBuilder& builder) {
  for (const char* argument : kReadChunkArguments) {
    builder.AddChannelArgument(argument, kReadChunkBytes);
  }
}

void TuneReceiver(grpc::ChannelArguments& arguments) {
  for (const char* argument : kReadChunkArguments) {
    arguments.SetInt(argument, kReadChunkBytes);
  }
}

}  // namespace kvwire
