#ifndef KVWIRE_COMMON_BASE_WIDE_LOOP_H_
#define KVWIRE_COMMON_BASE_WIDE_LOOP_H_

// Loops over many numbers, in vectors as wide as the machine at hand has them. Every number is
// computed by the same operations whatever the width, and none is contracted: the same bits.
//
//   RunWide([](const float* from, size_t count, float* to) KVWIRE_WIDE {
//     for (size_t i = 0; i < count; ++i) to[i] = 2 * from[i];
//   }, from, count, to);
//
// What the loop needs comes in as arguments: of captured variables compilers do not see that
// the loop leaves them alone. Only what is inlined into it becomes wide, so no function that
// other files have too is compiled for another machine.

#if defined(__x86_64__) && defined(__GNUC__)
#define KVWIRE_WIDE_X86
#endif

#define KVWIRE_WIDE __attribute__((always_inline))

namespace kvwire {

#ifdef KVWIRE_WIDE_X86
template <typename Loop, typename... Arguments>
[[gnu::target("avx2")]] void RunAvx2(Loop loop, Arguments... arguments) {
  loop(arguments...);
}

inline bool MachineHasAvx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#endif

// `loop` is a lambda without captures, marked KVWIRE_WIDE.
template <typename Loop, typename... Arguments>
void RunWide(Loop loop, Arguments... arguments) {
#ifdef KVWIRE_WIDE_X86
  if (MachineHasAvx2()) return RunAvx2(loop, arguments...);
#endif
  loop(arguments...);
}

}  // namespace kvwire

#endif  // KVWIRE_COMMON_BASE_WIDE_LOOP_H_
