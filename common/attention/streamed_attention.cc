#include "common/attention/streamed_attention.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <vector>

#include "common/attention/kernel/instruction_set.h"
#include "common/attention/thread_scratch.h"
#include "common/base/parallel.h"

namespace kvwire {
namespace {

// Multiplications that make it worth waking another thread.
constexpr double kWorkOfAThread = 1 << 22;

int64_t RowsOf(absl::Span<const KernelTokens> tokens) {
  int64_t rows = 0;
  for (const KernelTokens& some : tokens) rows += some.rows;
  return rows;
}

// Where ranges of panels end, for `threads` that each take the next one when they are free:
// of at most `most`, one a thread if that will do, and else ever shorter towards the end, so
// that no thread waits long for one that something else has held up.
std::vector<int64_t> RangeEnds(int64_t panels, int64_t most, int64_t threads) {
  std::vector<int64_t> ends = {0};
  if (panels <= most * threads) {
    const int64_t ranges = std::min(panels, threads);
    for (int64_t i = 1; i <= ranges; ++i) ends.push_back(panels * i / ranges);
    return ends;
  }
  while (ends.back() < panels) {
    const int64_t left = panels - ends.back();
    const int64_t share = (left + 2 * threads - 1) / (2 * threads);
    ends.push_back(ends.back() + std::min(most, share));
  }
  return ends;
}

// Calls work(first, last) for ranges that make up [0, panels), each of at most `most`, in
// parallel if there are enough multiplications. No result depends on the ranges.
void ForPanelRanges(int64_t panels, int64_t most, double multiplications,
                    absl::FunctionRef<void(int64_t, int64_t)> work) {
  const int64_t threads = multiplications > kWorkOfAThread ? ParallelThreads() : 1;
  if (threads == 1) {
    for (int64_t first = 0; first < panels; first += most) {
      work(first, std::min(panels, first + most));
    }
    return;
  }
  const std::vector<int64_t> ends = RangeEnds(panels, most, threads);
  ParallelFor(static_cast<int64_t>(ends.size()) - 1,
              [&](int64_t i) { work(ends[i], ends[i + 1]); });
}

class Attention {
 public:
  Attention(const Eigen::Ref<const Matrix>& queries, int64_t zero_rows,
            const Eigen::Ref<Matrix>& out, const MassViews& masses)
      : kernel_(ActiveAttentionKernel()),
        queries_(queries),
        zero_rows_(zero_rows),
        out_(out),
        masses_(masses) {}

  void Run(TokenSource source) {
    const int64_t slice = SliceQueries();
    for (int64_t first = 0; first < queries_.rows(); first += slice) {
      const int64_t count = std::min(slice, queries_.rows() - first);
      if (RunSlice(first, count, source)) return;
    }
  }

 private:
  // How many queries the memory of all threads can hold at once.
  int64_t SliceQueries() const {
    const int64_t numbers = kThreadNumbers * ParallelThreads();
    const int64_t vectors = numbers / (kernel_.lanes * (2 * queries_.cols() + 2));
    return std::max(int64_t{1}, vectors) * kernel_.lanes;
  }

  // Answers queries [first, first + count) and returns false, or all and returns true if
  // they are the first and the memory of all tokens is lasting.
  bool RunSlice(int64_t first, int64_t count, TokenSource source) {
    std::vector<KernelTokens> seen;
    std::optional<Slice> slice;
    const auto flush = [&] {
      if (!slice.has_value()) slice.emplace(*this, first, count);
      slice->Absorb(seen);
      seen.clear();
    };
    source([&](const VisitedTokens& visited) {
      assert(visited.tokens.stride >= queries_.cols());
      seen.push_back(visited.tokens);
      if (!visited.lasting) flush();
    });
    if (first == 0 && !slice.has_value()) {
      AttendLasting(seen);
      return true;
    }
    flush();
    slice->Store();
    return false;
  }

  // Each thread takes its queries through all tokens, and then the next.
  void AttendLasting(absl::Span<const KernelTokens> tokens) {
    const PanelSplit split(kernel_, queries_.rows(), queries_.cols());
    ForPanelRanges(split.panels(), split.most_grouped(), Work(queries_.rows(), tokens),
                   [&](int64_t first, int64_t last) {
                     ThreadScratch scratch((last - first) * split.panel_numbers() +
                                           split.score_numbers());
                     float* const scores =
                         scratch.data() + (last - first) * split.panel_numbers();
                     PanelGroup group(split, first, last, scratch.data());
                     group.Load(queries_, zero_rows_);
                     group.Absorb(tokens, 0, group.size(), scores);
                     group.Store(out_, masses_);
                   });
  }

  double Work(int64_t queries, absl::Span<const KernelTokens> tokens) const {
    return 2 * static_cast<double>(queries) * static_cast<double>(RowsOf(tokens)) *
           static_cast<double>(queries_.cols());
  }

  // Queries that stay while tokens come and go: all threads take them through some tokens,
  // and then through the next.
  class Slice {
   public:
    Slice(Attention& attention, int64_t first, int64_t count)
        : attention_(attention),
          first_(first),
          count_(count),
          split_(attention.kernel_, count, attention.queries_.cols()),
          memory_(split_.panels() * split_.panel_numbers()),
          group_(split_, 0, split_.panels(), memory_.data()) {
      group_.Load(attention.queries_.middleRows(first, count), attention.zero_rows_);
    }

    void Absorb(absl::Span<const KernelTokens> tokens) const {
      ForPanelRanges(split_.panels(), split_.most_grouped(), attention_.Work(count_, tokens),
                     [&](int64_t first, int64_t last) {
                       ThreadScratch scores(split_.score_numbers());
                       group_.Absorb(tokens, first, last, scores.data());
                     });
    }

    void Store() {
      const auto part = [&](absl::Span<float> of_all) {
        return of_all.empty() ? of_all : of_all.subspan(first_, count_);
      };
      group_.Store(attention_.out_.middleRows(first_, count_),
                   {part(attention_.masses_.tops), part(attention_.masses_.masses)});
    }

   private:
    Attention& attention_;
    int64_t first_;
    int64_t count_;
    PanelSplit split_;
    AlignedNumbers memory_;
    PanelGroup group_;
  };

  const AttentionKernel& kernel_;
  const Eigen::Ref<const Matrix>& queries_;
  int64_t zero_rows_;
  Eigen::Ref<Matrix> out_;
  MassViews masses_;
};

}  // namespace

void StreamAttention(const Eigen::Ref<const Matrix>& queries, TokenSource source,
                     // A view. NOLINTNEXTLINE(performance-unnecessary-value-param)
                     int64_t zero_rows, Eigen::Ref<Matrix> out, const MassViews& masses) {
  assert(out.rows() == queries.rows() && out.cols() == queries.cols());
  Attention(queries, zero_rows, out, masses).Run(source);
}

}  // namespace kvwire
