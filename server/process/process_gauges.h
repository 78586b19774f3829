#ifndef KVWIRE_SERVER_PROCESS_PROCESS_GAUGES_H_
#define KVWIRE_SERVER_PROCESS_PROCESS_GAUGES_H_

#include <vector>

#include "server/process/service_metrics.h"

namespace kvwire {

// What Linux says of this process: resident memory now and at its peak, threads, open
// descriptors; and how many calls it has cut off. Names are those that Prometheus' client
// libraries use, where they have one.
std::vector<MetricGauge> ProcessGauges();

}  // namespace kvwire

#endif  // KVWIRE_SERVER_PROCESS_PROCESS_GAUGES_H_
