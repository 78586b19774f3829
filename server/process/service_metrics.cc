#include "server/process/service_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <exception>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/process/process_gauges.h"

namespace kvwire {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {0.001, 0.01, 0.1, 1, 10, 100, 1000};

class GaugeReader final : public prometheus::Collectable {
 public:
  explicit GaugeReader(std::vector<MetricGauge> gauges) : gauges_(std::move(gauges)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (const MetricGauge& gauge : gauges_) {
      prometheus::MetricFamily family{
          gauge.name, gauge.help, prometheus::MetricType::Gauge, {}};
      prometheus::ClientMetric metric;
      metric.gauge.value = gauge.read();
      family.metric.push_back(std::move(metric));
      families.push_back(std::move(family));
    }
    return families;
  }

 private:
  const std::vector<MetricGauge> gauges_;
};

std::vector<MetricGauge> WithProcess(std::vector<MetricGauge> gauges) {
  std::vector<MetricGauge> process = ProcessGauges();
  gauges.insert(gauges.end(), std::make_move_iterator(process.begin()),
                std::make_move_iterator(process.end()));
  return gauges;
}

}  // namespace

struct ServiceMetrics::Parts {
  explicit Parts(std::vector<MetricGauge> all)
      : gauges(std::make_shared<GaugeReader>(std::move(all))) {}

  std::shared_ptr<GaugeReader> gauges;
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& calls =
      prometheus::BuildCounter()
          .Name("kvwire_calls_total")
          .Help("Calls that ended, by method and code.")
          .Register(*registry);
  prometheus::Family<prometheus::Gauge>& open = prometheus::BuildGauge()
                                                    .Name("kvwire_calls_open")
                                                    .Help("Calls under way, by method.")
                                                    .Register(*registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("kvwire_call_seconds")
          .Help("How long calls took, by method.")
          .Register(*registry);
  std::unique_ptr<prometheus::Exposer> exposer;  // last: it reads the others
};

ServiceMetrics::ServiceMetrics(std::vector<MetricGauge> gauges)
    : parts_(std::make_unique<Parts>(WithProcess(std::move(gauges)))) {}

ServiceMetrics::~ServiceMetrics() = default;

absl::StatusOr<Endpoint> ServiceMetrics::Expose(const Endpoint& endpoint) {
  // The library says by an exception what went wrong.
  try {
    parts_->exposer = std::make_unique<prometheus::Exposer>(endpoint.ToString(), 1);
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve metrics on ", endpoint.ToString(),
                     ": the port is taken or the address is not this machine's"));
  }
  parts_->exposer->RegisterCollectable(parts_->registry);
  parts_->exposer->RegisterCollectable(parts_->gauges);
  const std::vector<int> ports = parts_->exposer->GetListeningPorts();
  return Endpoint{endpoint.host, ports.empty() ? endpoint.port : ports.front()};
}

void ServiceMetrics::CallBegan(std::string_view method) {
  parts_->open.Add({{"method", std::string(method)}}).Increment();
}

void ServiceMetrics::CallEnded(std::string_view method, std::string_view code,
                               absl::Duration duration) {
  const std::string name(method);
  parts_->open.Add({{"method", name}}).Decrement();
  parts_->calls.Add({{"method", name}, {"code", std::string(code)}}).Increment();
  parts_->seconds.Add({{"method", name}}, kSeconds).Observe(absl::ToDoubleSeconds(duration));
}

}  // namespace kvwire
