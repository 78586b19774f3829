#ifndef KVWIRE_TESTS_CHAOS_MESSAGE_COUNTER_H_
#define KVWIRE_TESTS_CHAOS_MESSAGE_COUNTER_H_

// Finds the ends of gRPC messages in one direction of an HTTP/2 connection: RFC 9113, 4.1
// for frames; 5 bytes of prefix before each message.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kvwire {

class MessageCounter {
 public:
  // How many of the next bytes to pass on before the end of a message: all of them if no
  // message ends among them. Calls advance over what they return.
  struct Step {
    size_t bytes = 0;
    bool ends_message = false;
  };
  Step Next(std::string_view bytes);

  int64_t messages() const { return messages_; }

 private:
  bool TakeFrameByte(unsigned char byte);
  bool TakeDataByte(unsigned char byte);

  size_t preface_left_ = 24;
  std::string header_;     // of the frame that begins
  size_t frame_left_ = 0;  // bytes of its payload
  bool data_ = false;      // whether that is message bytes
  std::string prefix_;     // of the message that begins
  size_t message_left_ = 0;
  int64_t messages_ = 0;
};

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CHAOS_MESSAGE_COUNTER_H_
