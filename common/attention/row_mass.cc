#include "common/attention/row_mass.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/attention/frame_keys.h"
#include "common/attention/mass_tile.h"
#include "common/base/parallel.h"
#include "common/base/portable_math.h"

namespace kvwire {
namespace {

constexpr int64_t kExactLanes = 8;

// ExactDot for kExactLanes rows of keys at once, to the same bits: each lane sums in index
// order, and side by side they hide the latency of the adds.
void DotLanes(const float* keys, const float* query, int64_t dims, double* products) {
  double sums[kExactLanes] = {};
  for (int64_t j = 0; j < dims; ++j) {
    for (int64_t lane = 0; lane < kExactLanes; ++lane) {
      sums[lane] += double{keys[lane * dims + j]} * double{query[j]};
    }
  }
  std::copy_n(sums, kExactLanes, products);
}

// Of the tile of keys that begin at `first`, those with whom the query is not itself.
double SumOfOthers(const MassTile& tile, int64_t query, double self, int64_t itself,
                   int64_t first, int64_t count) {
  const int64_t place = itself - first;
  if (place < 0 || place >= count) return tile.SumOfQuery(query, self, 0, count);
  return tile.SumOfQuery(query, self, 0, place) +
         tile.SumOfQuery(query, self, place + 1, count);
}

// Calls visit(tile, first, count) for tiles of the products of `queries` with the keys
// [begin, end).
template <typename Visit>
void VisitTiles(const Eigen::Ref<const Matrix>& queries, const Matrix& keys, int64_t begin,
                int64_t end, double sharpness, Visit visit) {
  MassTile tile(queries.rows(), keys.cols(), sharpness);
  for (int64_t first = begin; first < end; first += MassTile::kKeys) {
    const int64_t count = std::min(MassTile::kKeys, end - first);
    tile.Multiply(queries, MatrixView(keys.row(first).data(), count, keys.cols()));
    visit(tile, first, count);
  }
}

// All keys with one another, each two of them once: as in a tournament, in round r block b
// meets block b + r. So no two blocks that meet others at once add to the same sums, and each
// sum grows in the order of the rounds.
class Tournament {
 public:
  Tournament(const Matrix& keys, absl::Span<const double> self, double sharpness)
      : keys_(keys),
        self_(self),
        sharpness_(sharpness),
        as_queries_(self.size(), 0),
        as_keys_(self.size(), 0) {}

  std::vector<double> Sums() {
    const int64_t blocks = MassRowBlocks(keys_.rows());
    for (int64_t round = 0; 2 * round <= blocks; ++round) {
      // Half way round, the other half would meet the same ones again.
      const bool half = round > 0 && 2 * round == blocks;
      ParallelFor(half ? round : blocks, [&](int64_t block) {
        if (round == 0) {
          MeetItself(block);
        } else {
          Meet(block, (block + round) % blocks);
        }
      });
    }
    for (size_t i = 0; i < as_keys_.size(); ++i) as_queries_[i] += as_keys_[i];
    return std::move(as_queries_);
  }

 private:
  static int64_t Begin(int64_t block) { return block * kMassRowBlock; }
  int64_t End(int64_t block) const {
    return std::min((block + 1) * kMassRowBlock, keys_.rows());
  }
  Eigen::Ref<const Matrix> Block(int64_t block) const {
    return keys_.middleRows(Begin(block), End(block) - Begin(block));
  }

  void MeetItself(int64_t block) {
    VisitTiles(Block(block), keys_, Begin(block), End(block), sharpness_,
               [&](const MassTile& tile, int64_t first, int64_t count) {
                 for (int64_t i = Begin(block); i < End(block); ++i) {
                   as_queries_[i] +=
                       SumOfOthers(tile, i - Begin(block), self_[i], i, first, count);
                 }
               });
  }

  void Meet(int64_t block, int64_t other) {
    VisitTiles(Block(block), keys_, Begin(other), End(other), sharpness_,
               [&](const MassTile& tile, int64_t first, int64_t count) {
                 for (int64_t i = Begin(block); i < End(block); ++i) {
                   as_queries_[i] += tile.SumOfQuery(i - Begin(block), self_[i], 0, count);
                 }
                 tile.AddSumsOfKeys(self_.subspan(first, count),
                                    absl::MakeSpan(as_keys_).subspan(first, count));
               });
  }

  const Matrix& keys_;
  const absl::Span<const double> self_;
  const double sharpness_;
  std::vector<double> as_queries_;
  std::vector<double> as_keys_;
};

}  // namespace

std::vector<double> SelfProducts(const Matrix& keys) {
  std::vector<double> products(static_cast<size_t>(keys.rows()));
  ParallelFor(MassRowBlocks(keys.rows()), [&](int64_t block) {
    const int64_t end = std::min((block + 1) * kMassRowBlock, keys.rows());
    for (int64_t i = block * kMassRowBlock; i < end; ++i) {
      products[i] = ExactDot(keys.row(i).data(), keys.row(i).data(), keys.cols());
    }
  });
  return products;
}

std::vector<double> FastInterference(const Matrix& keys, absl::Span<const double> self,
                                     double sharpness, absl::Span<const int64_t> rows) {
  const int64_t queries = static_cast<int64_t>(rows.size());
  Matrix some(queries, keys.cols());
  for (int64_t i = 0; i < queries; ++i) some.row(i) = keys.row(rows[i]);
  std::vector<double> sums(rows.size(), 0);
  VisitTiles(some, keys, 0, keys.rows(), sharpness,
             [&](const MassTile& tile, int64_t first, int64_t count) {
               for (int64_t i = 0; i < queries; ++i) {
                 sums[i] += SumOfOthers(tile, i, self[rows[i]], rows[i], first, count);
               }
             });
  return sums;
}

std::vector<double> FastInterferenceOfAll(const Matrix& keys, absl::Span<const double> self,
                                          double sharpness) {
  return Tournament(keys, self, sharpness).Sums();
}

double FastInterferenceFactor(int64_t dims, double sharpness, double largest_self) {
  // A float32 sum of d products is off by at most d 2^-23 |a| |b| in any order. The rest
  // of the slack is for the float32 exponents, exponentials and sums.
  const double product_error = static_cast<double>(dims) * 0x1p-23 * largest_self;
  const double slack = 1e-3 + 2 * sharpness * product_error;
  return slack < 0.5 ? 1 + 2 * slack : std::numeric_limits<double>::infinity();
}

ExactRow::ExactRow(const Matrix& keys, int64_t row) {
  const float* query = keys.row(row).data();
  const int64_t dims = keys.cols();
  const double self = ExactDot(query, query, dims);
  differences_.reserve(static_cast<size_t>(keys.rows()));
  for (int64_t first = 0; first < keys.rows(); first += kExactLanes) {
    const int64_t lanes = std::min(kExactLanes, keys.rows() - first);
    double products[kExactLanes];
    if (lanes == kExactLanes) {
      DotLanes(keys.row(first).data(), query, dims, products);
    } else {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        products[lane] = ExactDot(keys.row(first + lane).data(), query, dims);
      }
    }
    for (int64_t lane = 0; lane < lanes; ++lane) {
      if (first + lane != row) differences_.push_back(products[lane] - self);
    }
  }
}

double ExactRow::InterferenceAt(double sharpness) const {
  double sum = 0;
  for (const double difference : differences_) sum += PortableExp(sharpness * difference);
  return sum;
}

}  // namespace kvwire
