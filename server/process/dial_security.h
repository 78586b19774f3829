#ifndef KVWIRE_SERVER_PROCESS_DIAL_SECURITY_H_
#define KVWIRE_SERVER_PROCESS_DIAL_SECURITY_H_

#include "common/wire/transport_security.h"

namespace kvwire {

// How a service secures the channels that it opens itself.
struct DialSecurity {
  ChannelSecurity peer;  // of Alice: Bob
  ChannelSecurity algorithm;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_DIAL_SECURITY_H_
