#ifndef KVWIRE_TESTS_FUZZ_SEEDS_H_
#define KVWIRE_TESTS_FUZZ_SEEDS_H_

// What a fuzz target starts from. Each target has a file NAME_seeds.cc with its own; those
// of the repository, in corpus/NAME, were written from it by `./dev fuzz --seeds`.

#include <string>
#include <vector>

namespace kvwire {

struct Seed {
  std::string name;   // of the file
  std::string bytes;  // the input
};

// The same on every call and machine.
std::vector<Seed> Seeds();

}  // namespace kvwire

#endif  // KVWIRE_TESTS_FUZZ_SEEDS_H_
