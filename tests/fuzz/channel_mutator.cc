// Changes one event, or the order of some, and then, three times in four, puts right what a
// sender knows: offsets, checksums, and what the end says.

#include <map>
#include <string>
#include <utility>

#include "common/base/checksum.h"
#include "kvwire/v1/channel.pb.h"
#include "tests/fuzz/channel_events.h"
#include "tests/fuzz/record_mutation.h"

namespace kvwire {
namespace {

void PutRight(std::vector<Record>& records) {
  std::map<uint64_t, std::string> messages;
  uint64_t run_id = 0;  // of the stream under way
  for (Record& record : records) {
    const auto event = static_cast<ChannelEvent>(record.kind % kChannelEvents);
    v1::SendRequest request;
    if (event == ChannelEvent::kChunk && request.ParseFromString(record.bytes)) {
      if (run_id == 0) run_id = request.run_id();
      std::string& message = messages[run_id];
      request.set_write_offset(static_cast<int64_t>(message.size()));
      request.set_prefix_crc32c(Crc32c(message));
      request.set_crc32c(Crc32c(request.data()));
      message += request.data();
      if (request.has_finish_write()) {
        request.mutable_finish_write()->set_total_bytes(static_cast<int64_t>(message.size()));
        request.mutable_finish_write()->set_sha256(Sha256Of(message));
      }
      record.bytes = request.SerializeAsString();
    } else {
      run_id = 0;
    }
  }
}

void MutateChannel(std::vector<Record>& records, size_t chosen, size_t room,
                   std::mt19937& random) {
  MutateRecordBytes(records, chosen, room, random);
  if (random() % 4 != 0) PutRight(records);
}

}  // namespace
}  // namespace kvwire

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  return kvwire::MutateRecords(data, size, max_size, seed, kvwire::MutateChannel);
}
