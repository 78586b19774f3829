#ifndef KVWIRE_CLIENT_RANK_SERVER_OFFER_H_
#define KVWIRE_CLIENT_RANK_SERVER_OFFER_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kvwire {

// What an algorithm server says that it has.
struct ServerOffer {
  std::string name;  // "built-in", or how a foreign server was named
  bool built_in = false;
  std::vector<std::string> algorithms;  // in the server's order

  bool Has(std::string_view algorithm) const {
    return std::find(algorithms.begin(), algorithms.end(), algorithm) != algorithms.end();
  }
};

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_SERVER_OFFER_H_
