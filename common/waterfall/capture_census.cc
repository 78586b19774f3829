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

struct Ends {
  std::string client;  // raw address
  std::string server;
  int client_port = 0;

  auto operator<=>(const Ends&) const = default;
};

std::string EndName(const std::string& address, int port) {
  char text[INET6_ADDRSTRLEN] = "";
  const bool v4 = address.size() == sizeof(in_addr);
  inet_ntop(v4 ? AF_INET : AF_INET6, address.data(), text, sizeof(text));
  return v4 ? absl::StrCat(text, ":", port) : absl::StrCat("[", text, "]:", port);
}

// The connections of a capture, as their packets come in.
class Connections {
 public:
  explicit Connections(int port) : port_(port) {}

  void Add(const TcpPacket& packet) {
    if (packet.destination_port == port_) {
      Of({packet.source, packet.destination, packet.source_port}).Add(Sender::kClient, packet);
    } else if (packet.source_port == port_) {
      Of({packet.destination, packet.source, packet.destination_port})
          .Add(Sender::kServer, packet);
    }
  }

  std::vector<CapturedConnection> Finish() {
    std::vector<CapturedConnection> found;
    for (auto& [ends, census] : censuses_) {
      found.push_back({EndName(ends.client, ends.client_port), EndName(ends.server, port_),
                       census->Finish()});
    }
    return found;
  }

 private:
  ConnectionCensus& Of(const Ends& ends) {
    const auto [place, is_new] = places_.try_emplace(ends, censuses_.size());
    if (is_new) censuses_.emplace_back(ends, std::make_unique<ConnectionCensus>());
    return *censuses_[place->second].second;
  }

  int port_;
  std::map<Ends, size_t> places_;
  std::vector<std::pair<Ends, std::unique_ptr<ConnectionCensus>>> censuses_;
};

}  // namespace

absl::StatusOr<std::vector<CapturedConnection>> CensusOfCapture(FILE* file, int port) {
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
  Connections connections(port);
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
