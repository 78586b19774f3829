#ifndef KVWIRE_CLIENT_VERSION_H_
#define KVWIRE_CLIENT_VERSION_H_

namespace kvwire {

// The project's version, from CMakeLists.txt.
inline constexpr char kVersion[] = KVWIRE_VERSION;

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_VERSION_H_
