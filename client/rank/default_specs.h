#ifndef KVWIRE_CLIENT_RANK_DEFAULT_SPECS_H_
#define KVWIRE_CLIENT_RANK_DEFAULT_SPECS_H_

// What is compared where nothing is named.

#include <string>
#include <vector>

namespace kvwire {

// The rows that belong into every comparison: what it costs to know nothing, or one
// number a coordinate.
std::vector<std::string> BaselineSpecs();

// Those, several sizes of each family, in the grammar of spec_template.h, and the name of
// each built-in algorithm that they leave out.
std::vector<std::string> DefaultComparison();

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_DEFAULT_SPECS_H_
