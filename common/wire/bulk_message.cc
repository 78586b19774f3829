#include "common/wire/bulk_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <utility>
#include <vector>

namespace kvwire {
namespace {

using google::protobuf::internal::WireFormatLite;

// Shorter pieces are copied: that costs less than counting references to them. Some of
// gRPC's own lie inside the slice itself and would move with it.
constexpr size_t kShortBytes = 512;

uint32_t BytesTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

grpc::Slice SharedSlice(absl::string_view bytes, const absl::Cord& owner) {
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* held) { delete static_cast<absl::Cord*>(held); }, new absl::Cord(owner));
}

absl::Cord CordOf(const grpc::ByteBuffer& buffer) {
  absl::Cord bytes;
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  for (grpc::Slice& slice : slices) {
    const absl::string_view view(reinterpret_cast<const char*>(slice.begin()), slice.size());
    if (slice.size() < kShortBytes) {
      bytes.Append(view);
    } else {
      bytes.Append(absl::MakeCordFromExternal(view, [held = std::move(slice)] {}));
    }
  }
  return bytes;
}

// Reads the fields of `whole`, which `stream` reads too, up to its end.
bool SplitFields(google::protobuf::io::CodedInputStream& stream, const absl::Cord& whole,
                 uint32_t data_tag, std::string& rest, absl::Cord& data) {
  size_t start = 0;
  while (const uint32_t tag = stream.ReadTag()) {
    if (tag != data_tag) {
      if (!WireFormatLite::SkipField(&stream, tag)) return false;
      const size_t end = stream.CurrentPosition();
      if (rest.size() + end - start > kMaxSmallFieldBytes) return false;
      rest += std::string(whole.Subcord(start, end - start));
    } else {
      uint32_t size = 0;
      if (!stream.ReadVarint32(&size)) return false;
      const size_t at = stream.CurrentPosition();
      if (size > whole.size() - at) return false;
      // The last one counts, as everywhere in Protocol Buffers.
      data = whole.Subcord(at, size);
      if (!stream.Skip(static_cast<int>(size))) return false;
    }
    start = stream.CurrentPosition();
  }
  return stream.ConsumedEntireMessage();
}

}  // namespace

grpc::ByteBuffer JoinBulkMessage(const google::protobuf::MessageLite& fields, int data_field,
                                 const absl::Cord& data) {
  std::string head = fields.SerializeAsString();
  if (!data.empty()) {
    google::protobuf::io::StringOutputStream output(&head);
    google::protobuf::io::CodedOutputStream coded(&output);
    coded.WriteTag(BytesTag(data_field));
    coded.WriteVarint32(static_cast<uint32_t>(data.size()));
  }
  std::vector<grpc::Slice> slices = {grpc::Slice(head)};
  for (const absl::string_view chunk : data.Chunks()) {
    const bool is_short = chunk.size() < kShortBytes;
    slices.push_back(is_short ? grpc::Slice(chunk.data(), chunk.size())
                              : SharedSlice(chunk, data));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

absl::Status SplitBulkMessage(const grpc::ByteBuffer& message, int data_field,
                              google::protobuf::MessageLite& fields, absl::Cord& data) {
  const absl::Cord whole = CordOf(message);
  std::string rest;
  data.Clear();
  bool good = true;
  if (!whole.empty()) {
    grpc::ByteBuffer shared = message;  // the reader wants one that it may change
    grpc::ProtoBufferReader reader(&shared);
    google::protobuf::io::CodedInputStream stream(&reader);
    good = SplitFields(stream, whole, BytesTag(data_field), rest, data);
  }
  if (good && fields.ParseFromString(rest)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the message is not what the method takes, or has more than 64 KiB beside its data");
}

grpc::ByteBuffer JoinMessage(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status SplitMessage(const grpc::ByteBuffer& buffer,
                          google::protobuf::MessageLite& message) {
  if (message.ParseFromString(std::string(CordOf(buffer)))) return absl::OkStatus();
  return absl::InvalidArgumentError("the message is not what the method takes");
}

}  // namespace kvwire
