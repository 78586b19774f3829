#include "client/rank/rank_text.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/rank/row_summary.h"

namespace kvwire {
namespace {

std::string Label(const RankRow& row) {
  return row.kind == "foreign" ? absl::StrCat(row.algorithm, " @", row.server) : row.algorithm;
}

// One row's statistics as text.
class Cells {
 public:
  Cells(const RankTable& table, const RankRow& row) : table_(table), row_(row) {}

  // Rounded to whole numbers, to thousandths, or to three digits.
  std::string Whole(Statistic statistic) const {
    const std::optional<double> mean = MeanOf(statistic);
    return mean.has_value() ? absl::StrFormat("%.0f", *mean) : "-";
  }
  std::string Thousandths(Statistic statistic) const {
    const std::optional<double> mean = MeanOf(statistic);
    return mean.has_value() ? absl::StrFormat("%.3f", *mean) : "-";
  }
  std::string Digits(Statistic statistic) const {
    const std::optional<double> mean = MeanOf(statistic);
    return mean.has_value() ? absl::StrFormat("%.3g", *mean) : "-";
  }

  std::string WithInterval(Statistic statistic) const {
    const std::optional<MeanInterval> summary = Summarize(row_, statistic, table_.tokens);
    if (!summary.has_value()) return "-";
    const double half = (summary->interval.upper - summary->interval.lower) / 2;
    if (summary->mean == 0 && half > 0) {
      return absl::StrFormat("0 <%.2g", summary->interval.upper);
    }
    return absl::StrFormat("%.3g +-%.1g", summary->mean, half);
  }

 private:
  std::optional<double> MeanOf(Statistic statistic) const {
    const std::optional<MeanInterval> summary = Summarize(row_, statistic, table_.tokens);
    if (!summary.has_value()) return std::nullopt;
    return summary->mean;
  }

  const RankTable& table_;
  const RankRow& row_;
};

std::string HeadLine(const RankTable& table, int width) {
  if (table.bits) {
    return absl::StrFormat("  %-*s %9s %11s %7s %11s %9s %10s %16s  %s\n", width, "algorithm",
                           "bits/bit", "state bits", "header", "wire bytes", "floor",
                           "efficiency", "bit error rate", "verdict");
  }
  return absl::StrFormat("  %-*s %9s %11s %7s %11s %16s %16s %7s %7s %7s  %-8s %s\n", width,
                         "algorithm", "bits/elem", "state bits", "header", "wire bytes",
                         "relative error", "worst query", "cosine", "enc", "dec", "restored",
                         "verdict");
}

std::string RowLine(const RankTable& table, const RankRow& row, int width) {
  const Cells cells(table, row);
  const std::string verdict = row.good() ? "ok" : "FAILED";
  if (table.bits) {
    return absl::StrFormat(
        "  %-*s %9s %11s %7s %11s %9s %10s %16s  %s\n", width, Label(row),
        cells.Thousandths(Statistic::kBitsPerPayloadBit), cells.Whole(Statistic::kStateBits),
        cells.Whole(Statistic::kHeaderBits), cells.Whole(Statistic::kWireBytes),
        cells.Whole(Statistic::kFloorBits), cells.Thousandths(Statistic::kEfficiency),
        cells.WithInterval(Statistic::kBitErrorRate), verdict);
  }
  const std::optional<bool> equal = RestoreEqual(row);
  return absl::StrFormat(
      "  %-*s %9s %11s %7s %11s %16s %16s %7s %7s %7s  %-8s %s\n", width, Label(row),
      cells.Thousandths(Statistic::kBitsPerElement), cells.Whole(Statistic::kStateBits),
      cells.Whole(Statistic::kHeaderBits), cells.Whole(Statistic::kWireBytes),
      cells.WithInterval(Statistic::kErrorMean), cells.WithInterval(Statistic::kErrorWorst),
      cells.Thousandths(Statistic::kCosine), cells.Digits(Statistic::kEncodeMbPerS),
      cells.Digits(Statistic::kDecodeMbPerS),
      equal.has_value() ? (*equal ? "equal" : "differs") : "-", verdict);
}

}  // namespace

std::string RankText(const RankTable& table) {
  const std::vector<const RankRow*> rows = SortedRows(table);
  size_t width = 0;
  for (const RankRow* row : rows) width = std::max(width, Label(*row).size());
  const int columns = static_cast<int>(width);
  std::string text =
      absl::StrCat(table.workload, ": ", table.description, "\n\n", HeadLine(table, columns));
  for (const RankRow* row : rows) {
    if (!row->refusal.empty()) {
      absl::StrAppendFormat(&text, "  %-*s refused: %s\n", columns, Label(*row), row->refusal);
      continue;
    }
    absl::StrAppend(&text, RowLine(table, *row, columns));
    for (const std::string& reason : ReasonsOf(*row)) {
      absl::StrAppend(&text, "    ", reason, "\n");
    }
  }
  return text;
}

}  // namespace kvwire
