#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/rank/rank_csv.h"
#include "client/rank/rank_json.h"
#include "client/rank/rank_options.h"
#include "client/rank/rank_run.h"
#include "client/rank/rank_text.h"
#include "client/result_file.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr const char* kLegend =
    "State bits are the algorithm's claim, and with header the whole snapshot; wire bytes "
    "the\n"
    "kernel's count of the connection that carried it. Errors are of the attention output,\n"
    "relative to exact attention (L2): the mean over the queries, and the worst of them. enc\n"
    "and dec: MB of float32 keys and values a second, calls included. Means over %d seeds;\n"
    "behind +- half of a 95 %% interval (Student's t), behind < its upper end where no bit\n"
    "was wrong (Clopper and Pearson, by rows).\n";

absl::StatusOr<int> RankCommand(const RankOptions& options) {
  KVWIRE_ASSIGN_OR_RETURN(const RankPlan plan, PlanOf(options));
  KVWIRE_ASSIGN_OR_RETURN(const ServicesOptions services, ServicesOptionsOf(options.run));
  Cancellation cancellation;
  KVWIRE_ASSIGN_OR_RETURN(const auto servers,
                          StartRankServers(options.endpoints, services, cancellation));
  std::vector<ServerOffer> offers;
  for (const auto& server : servers) offers.push_back(server->offer());
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<Competitor> competitors,
                          FindCompetitors(plan, offers));
  std::vector<RankTable> tables;
  for (const std::string& workload : plan.workloads) {
    KVWIRE_ASSIGN_OR_RETURN(RankTable table,
                            RunWorkload(workload, plan, servers, competitors, cancellation));
    if (options.text()) std::cout << RankText(table) << std::endl;
    tables.push_back(std::move(table));
  }
  if (options.text()) std::cout << absl::StrFormat(kLegend, plan.seeds) << std::flush;
  if (!std::cout.good()) return absl::UnknownError("the result cannot be written to stdout");
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.csv, RankCsv(tables)));
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.run.json, RankJson(plan, tables) + "\n"));
  const bool good = std::all_of(tables.begin(), tables.end(), [](const RankTable& table) {
    return std::all_of(table.rows.begin(), table.rows.end(),
                       [](const RankRow& row) { return row.good(); });
  });
  return good ? kExitGood : kExitVerdict;
}

}  // namespace

Command AddRankCommand(CLI::App& app) {
  app.description(
      "Compares KV-cache compressors: what their state costs, and what is left of attention.\n"
      "  kvwire rank\n"
      "  kvwire rank --workload random --n 32 --d 64\n"
      "  kvwire rank --workload peaky --algorithm 'streaming:window={n/4}' --csv -");
  const auto options = std::make_shared<RankOptions>();
  AddRankOptions(app, *options);
  return [options] { return RankCommand(*options); };
}

}  // namespace kvwire
