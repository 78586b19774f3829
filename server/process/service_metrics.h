#ifndef KVWIRE_SERVER_PROCESS_SERVICE_METRICS_H_
#define KVWIRE_SERVER_PROCESS_SERVICE_METRICS_H_

// What a service counts, for Prometheus.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/wire/endpoint.h"

namespace kvwire {

// A number that is read whenever somebody asks; `read` is called from any thread.
struct MetricGauge {
  std::string name;
  std::string help;
  std::function<double()> read;
};

// Thread-safe.
class ServiceMetrics {
 public:
  // `gauges` beside those of every service: memory, threads and descriptors of the process.
  explicit ServiceMetrics(std::vector<MetricGauge> gauges);
  ~ServiceMetrics();

  // Answers GET /metrics at `endpoint` from now on and returns it with its actual port.
  // Returns UNAVAILABLE if the port cannot be had. Call once.
  absl::StatusOr<Endpoint> Expose(const Endpoint& endpoint);

  // A call of gRPC began, or ended with a code's name.
  void CallBegan(std::string_view method);
  void CallEnded(std::string_view method, std::string_view code, absl::Duration duration);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_SERVICE_METRICS_H_
