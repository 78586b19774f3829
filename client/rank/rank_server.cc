#include "client/rank/rank_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {

RankServer::RankServer(ServerOffer offer, Services services)
    : offer_(std::move(offer)),
      services_(std::move(services)),
      first_(*services_.alice_algorithm),
      second_(*services_.bob_algorithm),
      driver_(services_) {}

absl::StatusOr<std::unique_ptr<RankServer>> RankServer::Connect(ServerOffer offer,
                                                                Services services,
                                                                Cancellation& cancellation) {
  std::unique_ptr<RankServer> server(new RankServer(std::move(offer), std::move(services)));
  const absl::Duration timeout = server->services_.timeout;
  KVWIRE_ASSIGN_OR_RETURN(const auto first, server->first_.Describe(timeout, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(const auto second, server->second_.Describe(timeout, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(const v1::DescribeResponse described, first->All());
  KVWIRE_ASSIGN_OR_RETURN(server->second_id_, second->ProcessId());
  server->first_id_ = described.process_id();
  for (const v1::AlgorithmDescription& algorithm : described.algorithms()) {
    server->offer_.algorithms.push_back(algorithm.name());
  }
  KVWIRE_RETURN_IF_ERROR(server->driver_.Connect());
  return server;
}

AlgorithmPair RankServer::pair() const {
  return {.first = first_,
          .second = second_,
          .timeout = services_.timeout,
          .one_process = first_id_ == second_id_};
}

std::string RankServer::WithoutPlace(std::string_view message) const {
  for (const Endpoint& endpoint : {*services_.alice_algorithm, *services_.bob_algorithm}) {
    const std::string place = absl::StrCat("algorithm at ", endpoint.ToString(), ": ");
    const size_t at = message.find(place);
    if (at != std::string_view::npos) message.remove_prefix(at + place.size());
  }
  return std::string(message);
}

absl::StatusOr<std::vector<std::unique_ptr<RankServer>>> StartRankServers(
    const std::vector<std::string>& foreign, const ServicesOptions& options,
    Cancellation& cancellation) {
  std::vector<std::pair<ServerOffer, Services>> started;
  KVWIRE_ASSIGN_OR_RETURN(Services own, PrepareServices(options));
  started.emplace_back(ServerOffer{.name = "built-in", .built_in = true}, std::move(own));
  for (const std::string& endpoints : foreign) {
    ServicesOptions theirs = options;
    const size_t comma = endpoints.find(',');
    theirs.alice_algorithm = endpoints.substr(0, comma);
    theirs.bob_algorithm =
        comma == std::string::npos ? endpoints : endpoints.substr(comma + 1);
    // An empty one would start a process of our own instead.
    KVWIRE_RETURN_IF_ERROR(ParseEndpoint(theirs.alice_algorithm).status());
    KVWIRE_RETURN_IF_ERROR(ParseEndpoint(theirs.bob_algorithm).status());
    KVWIRE_ASSIGN_OR_RETURN(Services services, PrepareServices(theirs));
    started.emplace_back(ServerOffer{.name = endpoints}, std::move(services));
  }
  std::vector<std::unique_ptr<RankServer>> servers;
  for (auto& [offer, services] : started) {
    KVWIRE_ASSIGN_OR_RETURN(
        auto server, RankServer::Connect(std::move(offer), std::move(services), cancellation));
    servers.push_back(std::move(server));
  }
  return servers;
}

}  // namespace kvwire
