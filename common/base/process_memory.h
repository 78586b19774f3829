#ifndef KVWIRE_COMMON_BASE_PROCESS_MEMORY_H_
#define KVWIRE_COMMON_BASE_PROCESS_MEMORY_H_

// What the kernel says of the memory of processes (Linux).

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace kvwire {

// The most memory, in bytes, that the process ever had resident (VmHWM), 0 being this one.
// Nothing if it is gone or not to be looked at.
std::optional<int64_t> PeakMemoryBytes(pid_t process);

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_PROCESS_MEMORY_H_
