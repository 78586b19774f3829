#include "common/waterfall/capture_census.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/waterfall/connection_census.h"
#include "common/waterfall/tcp_packet.h"

namespace kvwire {
namespace {

using End = std::pair<std::string, int>;  // raw address and port

std::string EndName(const End& end) {
  const auto& [address, port] = end;
  char text[INET6_ADDRSTRLEN] = "";
  const bool v4 = address.size() == sizeof(in_addr);
  inet_ntop(v4 ? AF_INET : AF_INET6, address.data(), text, sizeof(text));
  return v4 ? absl::StrCat(text, ":", port) : absl::StrCat("[", text, "]:", port);
}

// The connections of a capture, as their packets come in.
class Connections {
 public:
  Connections(std::optional<int> port, const KeyLog& keys) : port_(port), keys_(keys) {}

  void Add(const TcpPacket& packet) {
    const End source = {packet.source, packet.source_port};
    const End destination = {packet.destination, packet.destination_port};
    if (port_.has_value() && packet.source_port != *port_ && packet.destination_port != *port_)
      return;
    if (const auto known = places_.find({source, destination}); known != places_.end()) {
      found_[known->second].census->Add(Sender::kClient, packet);
    } else if (const auto back = places_.find({destination, source}); back != places_.end()) {
      found_[back->second].census->Add(Sender::kServer, packet);
    } else {
      const bool answers = packet.opens && packet.acknowledges;
      Begin(answers ? destination : source, answers ? source : destination)
          .Add(answers ? Sender::kServer : Sender::kClient, packet);
    }
  }

  std::vector<CapturedConnection> Finish() {
    std::vector<CapturedConnection> finished;
    for (const Connection& one : found_) {
      finished.push_back({EndName(one.client), EndName(one.server), one.census->Finish()});
    }
    return finished;
  }

 private:
  struct Connection {
    End client;
    End server;
    std::unique_ptr<ConnectionCensus> census;
  };

  ConnectionCensus& Begin(const End& client, const End& server) {
    places_.emplace(std::pair(client, server), found_.size());
    found_.push_back({client, server, std::make_unique<ConnectionCensus>(keys_)});
    return *found_.back().census;
  }

  std::optional<int> port_;
  const KeyLog& keys_;
  std::map<std::pair<End, End>, size_t> places_;  // client, server
  std::vector<Connection> found_;
};

}  // namespace

absl::StatusOr<std::vector<CapturedConnection>> CensusOfCapture(FILE* file,
                                                                std::optional<int> port,
                                                                const KeyLog& keys) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const opened = pcap_fopen_offline(file, error);
  if (opened == nullptr) {
    std::fclose(file);
    return absl::InvalidArgumentError(absl::StrCat("this is not a capture: ", error));
  }
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> capture(opened, pcap_close);
  const int link_type = pcap_datalink(opened);
  if (!KnownLinkType(link_type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("captures of link type ", link_type, " cannot be read"));
  }
  Connections connections(port, keys);
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int more = 0;
  while ((more = pcap_next_ex(opened, &header, &bytes)) == 1) {
    const auto packet = ParseTcpPacket(
        link_type, {reinterpret_cast<const char*>(bytes), header->caplen}, header->len);
    if (packet.has_value()) connections.Add(*packet);
  }
  if (more != PCAP_ERROR_BREAK) {
    return absl::DataLossError(absl::StrCat("the capture breaks off: ", pcap_geterr(opened)));
  }
  return connections.Finish();
}

}  // namespace kvwire
