#ifndef KVWIRE_CLIENT_INSPECTION_REPORT_H_
#define KVWIRE_CLIENT_INSPECTION_REPORT_H_

// What `kvwire inspect` says of a snapshot.

#include <string>

#include "common/kv/snapshot_inspection.h"

namespace kvwire {

// Every field and section with its offset, the totals, and what the sizes come to.
std::string InspectionText(const std::string& file, const SnapshotInspection& inspection);

// The same as JSON.
std::string InspectionJson(const std::string& file, const SnapshotInspection& inspection);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_INSPECTION_REPORT_H_
