// The forms of SubGen for tensor attention: four caches, sampled by factor, and two caches
// of products at the sizes that Lemma 5.2 of the tensor paper names.

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kv/caches.h"
#include "tests/kv/container.h"
#include "tests/kv/naive_attention.h"
#include "tests/kv/random_tokens.h"
#include "tests/kv/subgen_oracle.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDims = 4;

CacheSetup TensorSetup(const std::string& spec) {
  CacheSetup setup = SetupOf(spec, kDims);
  setup.attention = AttentionKind::kTensor;
  return setup;
}

std::unique_ptr<KvCache> Filled(const CacheSetup& setup, const Tokens& tokens, int64_t zeros) {
  auto cache = NewCache(setup);
  EXPECT_THAT(cache->Append(tokens.Block()), IsOk());
  EXPECT_THAT(cache->Append(ZeroScale(zeros)), IsOk());
  return cache;
}

// The estimates of both factors' sketches over all pairs.
struct PairState {
  SubgenState first;
  SubgenState second;

  explicit PairState(const Container& snapshot) : first(snapshot, 0), second(snapshot, 4) {}

  Eigen::RowVectorXd Numerator(const Eigen::RowVectorXd& query) const {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(kDims);
    for (int64_t a = 0; a < first.s(); ++a) {
      const Eigen::RowVectorXd key = first.samples.row(a).head(kDims).cast<double>();
      const Eigen::RowVectorXd pairs = second.Numerator(query.cwiseProduct(key));
      sum += first.SampleWeight(a) * first.value(a).cwiseProduct(pairs);
    }
    return sum;
  }
  double Tau(const Eigen::RowVectorXd& query) const {
    double sum = 0;
    first.ForEachKey([&](const Eigen::RowVectorXd& key, double weight) {
      sum += weight * second.Tau(query.cwiseProduct(key));
    });
    return sum;
  }
};

TEST(Subgen4Test, StateBitsAreThoseOfTheFormula) {
  for (const int64_t rows : {1, 30, 200}) {
    for (const auto& [t, s] : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {4, 64}}) {
      std::mt19937_64 random(rows);
      const CacheSetup setup = TensorSetup(absl::StrCat("subgen4:s=", s, ",t=", t));
      const auto cache = Filled(setup, GaussianTokens(rows, 2 * kDims, random), 5);
      const PairState state(ContainerOf(SnapshotOf(*cache, setup)));
      const auto clusters =
          static_cast<int64_t>(state.first.counts.size() + state.second.counts.size());
      EXPECT_EQ(state.first.tokens(), rows);
      EXPECT_EQ(state.second.tokens(), rows);
      EXPECT_EQ(cache->StateBits(),
                32 * (clusters * (1 + t) * kDims + 4 * s * kDims) + 128 +
                    clusters * static_cast<int64_t>(std::ceil(std::log2(rows + 6))));
    }
  }
}

TEST(Subgen4Test, AnswersWhatItsSnapshotSaysOverAllPairs) {
  std::mt19937_64 random(2);
  const Tokens tokens = GaussianTokens(90, 2 * kDims, random);
  const Matrix queries = GaussianMatrix(7, kDims, 1, random);
  const CacheSetup setup = TensorSetup("subgen4:delta=1,s=40,t=3");
  const auto cache = Filled(setup, tokens, 11);
  const PairState state(ContainerOf(SnapshotOf(*cache, setup)));
  const Matrix answer = Attended(*cache, queries);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    const Eigen::RowVectorXd query = queries.row(q).cast<double>();
    const Eigen::RowVectorXd truth =
        state.Numerator(query) / (state.Tau(query) + 11 * (2 * 90 + 11));
    EXPECT_LT((answer.row(q).cast<double>() - truth).norm(), 1e-5 * truth.norm());
  }
}

TEST(Subgen4Test, BothSumsOverPairsAreUnbiased) {
  std::mt19937_64 random(3);
  const Tokens tokens = GaussianTokens(25, 2 * kDims, random);
  const Eigen::RowVectorXd query = GaussianMatrix(1, kDims, 1, random).row(0).cast<double>();
  double tau = 0;
  Eigen::RowVectorXd z = Eigen::RowVectorXd::Zero(kDims);
  for (int64_t a = 0; a < 25; ++a) {
    for (int64_t b = 0; b < 25; ++b) {
      double score = 0;
      for (int64_t j = 0; j < kDims; ++j) {
        score += query(j) * tokens.keys(a, j) * tokens.keys(b, kDims + j);
      }
      tau += std::exp(score);
      for (int64_t j = 0; j < kDims; ++j) {
        z(j) += std::exp(score) * tokens.values(a, j) * tokens.values(b, kDims + j);
      }
    }
  }
  constexpr int kSeeds = 1500;
  double tau_sum = 0;
  double tau_squares = 0;
  Eigen::RowVectorXd z_sum = Eigen::RowVectorXd::Zero(kDims);
  double z_squares = 0;
  CacheSetup setup = TensorSetup("subgen4:delta=2,s=6,t=2");
  for (setup.seed = 0; setup.seed < kSeeds; ++setup.seed) {
    const PairState state(ContainerOf(SnapshotOf(*Filled(setup, tokens, 0), setup)));
    tau_sum += state.Tau(query) / tau - 1;
    tau_squares += std::pow(state.Tau(query) / tau - 1, 2);
    const Eigen::RowVectorXd difference = (state.Numerator(query) - z) / z.norm();
    z_sum += difference;
    z_squares += difference.squaredNorm();
  }
  EXPECT_GT(std::sqrt(tau_squares / kSeeds), 0.02);
  EXPECT_GT(std::sqrt(z_squares / kSeeds), 0.5);
  EXPECT_LT(std::abs(tau_sum) / std::sqrt(tau_squares), 3.3);
  EXPECT_LT(z_sum.norm() / std::sqrt(z_squares), 2);
}

TEST(Subgen4Test, ManySamplesAndKeysMakeTensorAttention) {
  std::mt19937_64 random(4);
  const Tokens tokens = GaussianTokens(20, 2 * kDims, random);
  const Matrix queries = GaussianMatrix(6, kDims, 1, random);
  const Eigen::MatrixXd truth = NaiveTensorAttention(queries, tokens.keys, tokens.values, 3);
  std::vector<double> errors;
  for (const std::string spec : {"subgen4:delta=0,s=50,t=1", "subgen4:delta=0,s=3200,t=1"}) {
    errors.push_back(
        RelativeError(Attended(*Filled(TensorSetup(spec), tokens, 3), queries), truth));
  }
  // 64 times the samples, an eighth of the error.
  EXPECT_GT(errors[0] / errors[1], 4);
  EXPECT_LT(errors[0] / errors[1], 16);
  EXPECT_GT(errors[1], 0.01);
  EXPECT_LT(errors[1], 0.3);
}

TEST(Subgen4Test, IsForTensorAttentionAndTheOthersAreNot) {
  EXPECT_THAT(
      CreateCache(SetupOf("subgen4", kDims)),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no ordinary attention")));
  for (const std::string name :
       {"subgen", "subgen-ratio", "subgen2", "balancekv", "scatterbrain"}) {
    EXPECT_THAT(CreateCache(TensorSetup(name)), StatusIs(absl::StatusCode::kInvalidArgument,
                                                         HasSubstr("no tensor attention")));
  }
}

TEST(Subgen2Test, IsSubgenAtTheSizesOfTheLemma) {
  std::mt19937_64 random(5);
  const Tokens tokens = GaussianTokens(64, kDims, random);
  // t = ceil(4 e^{2 * 0.906 * 0.5} ln 8), s = ceil(4 d).
  const CacheSetup lemma = SetupOf("subgen2:n=8,r=0.5", kDims);
  const CacheSetup plain = SetupOf("subgen:s=16,t=21", kDims);
  EXPECT_EQ(static_cast<int>(std::ceil(4 * std::exp(0.906) * std::log(8.0))), 21);
  const auto cache = Filled(lemma, tokens, 1);
  const Container snapshot = ContainerOf(SnapshotOf(*cache, lemma));
  const Container expected = ContainerOf(SnapshotOf(*Filled(plain, tokens, 1), plain));
  ASSERT_EQ(snapshot.sections.size(), expected.sections.size());
  for (size_t i = 0; i < expected.sections.size(); ++i) {
    EXPECT_EQ(snapshot.sections[i].body, expected.sections[i].body);
  }
}

TEST(Subgen2Test, SizesFollowEpsAndD) {
  std::mt19937_64 random(6);
  for (const int64_t dims : {1, 5}) {
    const CacheSetup setup = SetupOf("subgen2:delta=0,eps=0.3,n=2,r=0", dims);
    const auto cache = Filled(setup, GaussianTokens(3, dims, random), 0);
    const SubgenState state(ContainerOf(SnapshotOf(*cache, setup)), 0);
    EXPECT_EQ(state.s(), static_cast<int64_t>(std::ceil(static_cast<double>(dims) / 0.09)));
    EXPECT_EQ(state.t(), static_cast<int64_t>(std::ceil(std::log(2.0) / 0.09)));
  }
}

TEST(Subgen2Test, WhereTheLemmaIsVacuousTheOptionsAreRefused) {
  // The sharpness that decodes n = 8, as the norm of the queries.
  EXPECT_THAT(
      ParseBuiltInSpec("subgen2:r=9.85"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the lemma says nothing")));
  EXPECT_THAT(ParseBuiltInSpec("subgen2:r=1000000"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ask for inf keys")));
  for (const std::string option : {"eps=0.09", "eps=1.5", "r=-1", "n=1", "clusters=-1"}) {
    EXPECT_THAT(ParseBuiltInSpec("subgen2:" + option),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(option.substr(0, option.find('=')))));
  }
}

}  // namespace
}  // namespace kvwire
