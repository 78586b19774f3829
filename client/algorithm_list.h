#ifndef KVWIRE_CLIENT_ALGORITHM_LIST_H_
#define KVWIRE_CLIENT_ALGORITHM_LIST_H_

// What `kvwire list` says of the built-in algorithms and wrappers, and of names that are
// none.

#include <string>

namespace kvwire {

std::string AlgorithmListText();

// The same as JSON: `algorithms`, `common_options`, `wrappers` and `not_in_the_table`.
std::string AlgorithmListJson();

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_ALGORITHM_LIST_H_
