#include "tests/chaos/message_counter.h"

namespace kvwire {

MessageCounter::Step MessageCounter::Next(std::string_view bytes) {
  size_t at = 0;
  for (; at < bytes.size(); ++at) {
    if (preface_left_ > 0) {
      --preface_left_;
    } else if (TakeFrameByte(static_cast<unsigned char>(bytes[at]))) {
      return {at + 1, true};
    }
  }
  return {at, false};
}

bool MessageCounter::TakeFrameByte(unsigned char byte) {
  if (frame_left_ > 0) {
    --frame_left_;
    return data_ && TakeDataByte(byte);
  }
  header_.push_back(static_cast<char>(byte));
  if (header_.size() < 9) return false;
  const auto at = [this](size_t k) { return static_cast<unsigned char>(header_[k]); };
  frame_left_ = (size_t{at(0)} << 16) | (size_t{at(1)} << 8) | at(2);
  data_ = at(3) == 0;
  header_.clear();
  return false;
}

bool MessageCounter::TakeDataByte(unsigned char byte) {
  constexpr size_t kPrefixBytes = 5;
  if (prefix_.size() < kPrefixBytes) {
    prefix_.push_back(static_cast<char>(byte));
    if (prefix_.size() < kPrefixBytes) return false;
    for (size_t k = 1; k < kPrefixBytes; ++k) {
      message_left_ = (message_left_ << 8) | static_cast<unsigned char>(prefix_[k]);
    }
  } else {
    --message_left_;
  }
  if (message_left_ > 0) return false;
  prefix_.clear();
  ++messages_;
  return true;
}

}  // namespace kvwire
