#include "server/calls/request_parsing.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Arrays grow by doubling: the old one and the new one are there at a time.
constexpr int64_t kGrowth = 3;
// Of any field: known ones take less.
constexpr int64_t kFieldBytes = kGrowth * sizeof(UnknownField);
// Of what is allocated for a string or a group, beside what is in it, and for a message.
constexpr int64_t kStringBytes = 64;
constexpr int64_t kMessageBytes = 256;

bool AddFields(CodedInputStream& stream, const Descriptor& type, int64_t& bytes);

bool AddPackedVarints(CodedInputStream& stream, int size, int64_t& bytes) {
  const CodedInputStream::Limit limit = stream.PushLimit(size);
  uint64_t element = 0;
  while (stream.BytesUntilLimit() > 0) {
    if (!stream.ReadVarint64(&element)) return false;
    bytes += kGrowth * static_cast<int64_t>(sizeof(element));
  }
  stream.PopLimit(limit);
  return true;
}

bool IsVarint(const FieldDescriptor& field) {
  const auto type = static_cast<WireFormatLite::FieldType>(field.type());
  return WireFormatLite::WireTypeForFieldType(type) == WireFormatLite::WIRETYPE_VARINT;
}

// A length-delimited field; null if nobody knows it.
bool AddDelimited(CodedInputStream& stream, const FieldDescriptor* field, int64_t& bytes) {
  int size = 0;
  if (!stream.ReadVarintSizeAsInt(&size)) return false;
  if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    bytes += kMessageBytes;
    const auto [limit, depth] = stream.IncrementRecursionDepthAndPushLimit(size);
    if (depth < 0 || !AddFields(stream, *field->message_type(), bytes)) return false;
    return stream.DecrementRecursionDepthAndPopLimit(limit);
  }
  if (field != nullptr && field->is_packable()) {
    if (IsVarint(*field)) return AddPackedVarints(stream, size, bytes);
    bytes += (kGrowth - 1) * size;
  }
  bytes += kStringBytes + size;
  return stream.Skip(size);
}

// Adds the most that parsing the fields up to the stream's limit takes; false if they are no
// fields.
bool AddFields(CodedInputStream& stream, const Descriptor& type, int64_t& bytes) {
  int groups = 0;  // that are open: no message here has any, so nobody knows what is in them
  while (const uint32_t tag = stream.ReadTag()) {
    bytes += kFieldBytes;
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    const FieldDescriptor* const field = groups > 0 ? nullptr : type.FindFieldByNumber(number);
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_START_GROUP:
        if (!stream.IncrementRecursionDepth()) return false;
        bytes += kStringBytes;
        ++groups;
        break;
      case WireFormatLite::WIRETYPE_END_GROUP:
        if (--groups < 0) return false;
        stream.DecrementRecursionDepth();
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        if (!AddDelimited(stream, field, bytes)) return false;
        break;
      default:
        if (!WireFormatLite::SkipField(&stream, tag)) return false;
    }
  }
  return groups == 0 && stream.ConsumedEntireMessage();
}

// DiscardUnknownFields would keep the memory that they took.
void DropUnknownFields(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) {
    UnknownFieldSet dropped;
    reflection.MutableUnknownFields(&message)->Swap(&dropped);
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      DropUnknownFields(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int k = 0; k < reflection.FieldSize(message, field); ++k) {
      DropUnknownFields(*reflection.MutableRepeatedMessage(&message, field, k));
    }
  }
}

absl::Status NoSuchMessage(const Message& request) {
  return absl::InvalidArgumentError(
      absl::StrCat("the request is no ", request.GetDescriptor()->full_name()));
}

}  // namespace

absl::Status ParseRequest(const grpc::ByteBuffer& bytes, Message& request,
                          MemoryAccount& account) {
  // A call that ends without a request: as if an empty one had come.
  if (!bytes.Valid()) return absl::OkStatus();
  grpc::ByteBuffer shared = bytes;  // readers want one that they may change
  const bool booked = bytes.Length() > kFreeRequestBytes;
  if (booked) {
    grpc::ProtoBufferReader reader(&shared);
    CodedInputStream stream(&reader);
    int64_t most = kMessageBytes;
    if (!AddFields(stream, *request.GetDescriptor(), most)) return NoSuchMessage(request);
    KVWIRE_RETURN_IF_ERROR(account.Raise(most));
  }
  grpc::ProtoBufferReader reader(&shared);
  if (!request.ParseFromZeroCopyStream(&reader)) return NoSuchMessage(request);
  DropUnknownFields(request);
  if (booked) account.Lower(static_cast<int64_t>(request.SpaceUsedLong()));
  return absl::OkStatus();
}

}  // namespace kvwire
