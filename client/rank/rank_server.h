#ifndef KVWIRE_CLIENT_RANK_RANK_SERVER_H_
#define KVWIRE_CLIENT_RANK_RANK_SERVER_H_

// Where the algorithms of a comparison run: two processes of each server, one that makes
// snapshots and one that takes them up, and an Alice and a Bob over them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/driver.h"
#include "client/rank/attention_sample.h"
#include "client/rank/server_offer.h"
#include "client/services.h"
#include "common/wire/algorithm_client.h"

namespace kvwire {

class RankServer {
 public:
  // Connects to what `services`, of the command's own, are over, and asks for its
  // algorithms, which complete the offer. Errors are those of AlgorithmClient::Describe,
  // of what it answers, and of Driver::Connect.
  static absl::StatusOr<std::unique_ptr<RankServer>> Connect(ServerOffer offer,
                                                             Services services,
                                                             Cancellation& cancellation);

  const ServerOffer& offer() const { return offer_; }
  AlgorithmPair pair() const;
  // Of Alice and Bob.
  Driver& driver() { return driver_; }
  const Endpoint& first_endpoint() const { return first_.endpoint(); }

  // `message` without the places that it came through: "Alice: algorithm at HOST:PORT: ".
  std::string WithoutPlace(std::string_view message) const;

 private:
  RankServer(ServerOffer offer, Services services);

  ServerOffer offer_;
  Services services_;
  AlgorithmClient first_;
  AlgorithmClient second_;
  Driver driver_;
  uint64_t first_id_ = 0;
  uint64_t second_id_ = 0;
};

// Starts the services for the built-in algorithms and for each foreign server, which is
// "HOST:PORT" of one process, or "HOST:PORT,HOST:PORT" of two. All are started before the
// first is connected to. Errors as PrepareServices, ParseEndpoint and Connect.
absl::StatusOr<std::vector<std::unique_ptr<RankServer>>> StartRankServers(
    const std::vector<std::string>& foreign, const ServicesOptions& options,
    Cancellation& cancellation);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_RANK_RANK_SERVER_H_
