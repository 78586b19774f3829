#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/commands.h"
#include "client/curve/curve_csv.h"
#include "client/curve/curve_point.h"
#include "client/curve/curve_specs.h"
#include "client/curve/curve_text.h"
#include "client/exit_code.h"
#include "client/problem_options.h"
#include "client/rank/rank_options.h"
#include "client/rank/rank_run.h"
#include "client/result_file.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// Where algorithms of tensor attention alone are measured.
constexpr const char* kTensorProblem = "tensor4";

using Servers = std::vector<std::unique_ptr<RankServer>>;

absl::StatusOr<std::vector<CurvePoint>> Measure(const RankPlan& plan, const Servers& servers,
                                                Cancellation& cancellation) {
  std::vector<ServerOffer> offers;
  for (const auto& server : servers) offers.push_back(server->offer());
  KVWIRE_ASSIGN_OR_RETURN(std::vector<Competitor> competitors, FindCompetitors(plan, offers));
  const auto tensor = std::stable_partition(
      competitors.begin(), competitors.end(),
      [](const Competitor& one) { return !one.built_in || !IsTensorOnly(one.spec); });
  const std::string workload(kRandomWorkload);
  const absl::Span<const Competitor> all = competitors;
  const auto ordinary = static_cast<size_t>(tensor - competitors.begin());
  KVWIRE_ASSIGN_OR_RETURN(
      const RankTable table,
      RunWorkload(workload, plan, servers, all.first(ordinary), cancellation));
  std::vector<CurvePoint> points = CurvePoints(table, plan.reduction.problem);
  if (ordinary == all.size()) return points;
  RankPlan of_tensors = plan;
  of_tensors.reduction.problem = kTensorProblem;
  KVWIRE_ASSIGN_OR_RETURN(
      const RankTable tensors,
      RunWorkload(workload, of_tensors, servers, all.subspan(ordinary), cancellation));
  std::vector<CurvePoint> others = CurvePoints(tensors, kTensorProblem);
  std::move(others.begin(), others.end(), std::back_inserter(points));
  return points;
}

absl::StatusOr<int> CurveCommand(RankOptions options) {
  options.workloads = {std::string(kRandomWorkload)};
  if (options.algorithms.empty() && options.endpoints.empty()) {
    options.algorithms = CurveSpecs();
  }
  KVWIRE_ASSIGN_OR_RETURN(const RankPlan plan, PlanOf(options));
  KVWIRE_ASSIGN_OR_RETURN(const ServicesOptions services, ServicesOptionsOf(options.run));
  Cancellation cancellation;
  KVWIRE_ASSIGN_OR_RETURN(const Servers servers,
                          StartRankServers(options.endpoints, services, cancellation));
  KVWIRE_ASSIGN_OR_RETURN(const std::vector<CurvePoint> points,
                          Measure(plan, servers, cancellation));
  if (options.text()) std::cout << CurveText(points) << std::flush;
  if (!std::cout.good()) return absl::UnknownError("the result cannot be written to stdout");
  KVWIRE_RETURN_IF_ERROR(WriteResult(options.csv, CurveCsv(points)));
  const bool good = std::all_of(points.begin(), points.end(),
                                [](const CurvePoint& point) { return point.good(); });
  return good ? kExitGood : kExitVerdict;
}

void AddCurveOptions(CLI::App& app, RankOptions& options) {
  options.run.n = 64;
  options.run.dims = 64;
  options.run.sharpness = "paper";
  options.seeds = 2;
  app.add_option("--n", options.run.n, "the size of the problem, var")->capture_default_str();
  AddInstanceOptions(app, options.run);
  app.add_option("--algorithm", options.algorithms,
                 "NAME[:key=value,...]; {n/4} and {n/4-4} stand for shares of the stream; may "
                 "be repeated; absent: floor at 20 error rates and every algorithm, most at "
                 "several sizes")
      ->allow_extra_args(false);
  app.add_option("--algorithm-endpoint", options.endpoints,
                 "HOST:PORT[,HOST:PORT] of a foreign server, and of the one that takes up its "
                 "snapshots; may be repeated; without --algorithm, all of its algorithms")
      ->allow_extra_args(false);
  app.add_option("--seeds", options.seeds, "how many seeds, 2 at least")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  app.add_option("--csv", options.csv, "write curve and points to this file; - for stdout");
  AddLimitOptions(app, options.run);
}

}  // namespace

Command AddCurveCommand(CLI::App& app) {
  app.description(
      "What every compressor sends for a bit, against the part of the bits that come out "
      "wrong,\nbeside the rate-distortion curve that nothing can be below.\n"
      "  kvwire curve --csv curve.csv\n"
      "  kvwire curve --n 32 --algorithm floor:error=0.11 --algorithm q4_0");
  const auto options = std::make_shared<RankOptions>();
  AddCurveOptions(app, *options);
  return [options] { return CurveCommand(*options); };
}

}  // namespace kvwire
