#include "repulsion/repulsion.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "field.hpp"
#include "repulsion/exact.hpp"
#include "repulsion/morton.hpp"
#include "repulsion/sp_tree.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Field, test::relative_error;

// n points in clusters of different widths, like an embedding. All points lie in a square of width `span`. Each
// position takes as many numbers as a repulsion does.
std::vector<float> make_embedding(int dimensions, std::size_t n, double span, std::uint64_t seed) {
  Random random(seed);
  const std::size_t stride = stride_of(dimensions), clusters = 12;
  std::vector<double> centers(clusters * 3);
  for (double& c : centers) c = span * (random.uniform() - 0.5);
  std::vector<float> embedding(n * stride, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t cluster = random.bits() % clusters;
    for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
      const double width = span * 0.02 * static_cast<double>(1 + cluster % 4);
      embedding[i * stride + d] = static_cast<float>(centers[cluster * 3 + d] + width * random.normal());
    }
  }
  return embedding;
}

Field compute(int dimensions, double theta, const std::vector<float>& embedding, unsigned threads = 2,
              double alpha = 1) {
  ThreadTeam team(threads);
  const std::size_t n = embedding.size() / stride_of(dimensions);
  Field field{std::vector<float>(embedding.size()), 0};
  field.z = make_repulsion(theta == 0 ? Method::exact : Method::barnes_hut, dimensions, theta, 0.4, team, alpha)
                ->compute(embedding.data(), n, field.forces.data());
  return field;
}

// A slow reference: the sums over all pairs.
Field sum_all_pairs(int dimensions, const std::vector<float>& embedding, double alpha = 1) {
  const std::size_t stride = stride_of(dimensions), n = embedding.size() / stride;
  Field field{std::vector<float>(embedding.size()), 0};
  for (std::size_t i = 0; i < n; ++i) {
    double force[3] = {};
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      double squared = 0;
      for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
        squared += std::pow(
            static_cast<double>(embedding[i * stride + d]) - static_cast<double>(embedding[j * stride + d]), 2);
      }
      const double b = 1 / (1 + squared / alpha), weight = std::pow(b, alpha);
      field.z += weight;
      for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
        force[d] += weight * b *
                    (static_cast<double>(embedding[i * stride + d]) - static_cast<double>(embedding[j * stride + d]));
      }
    }
    for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
      field.forces[i * stride + d] = static_cast<float>(force[d]);
    }
  }
  return field;
}

class InDimensions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, InDimensions, testing::Values(1, 2, 3));

TEST_P(InDimensions, ExactAgreesWithAllPairs) {
  for (const std::size_t n : {1, 2, 5, 63, 500}) {
    const auto embedding = make_embedding(GetParam(), n, 30, n);
    const Field truth = sum_all_pairs(GetParam(), embedding);
    Field found = compute(GetParam(), 0, embedding);
    // Z is computed as a float32 sum that includes w = 1 of each point with itself.
    EXPECT_NEAR(found.z, truth.z, 1e-6 * (truth.z + static_cast<double>(n)));
    found.z = truth.z;
    if (n > 1) {
      EXPECT_LT(relative_error(found, truth), 1e-5);
    }
  }
}

TEST_P(InDimensions, BarnesHutIsAccurateAtEverySpan) {
  for (const double span : {1e-4, 0.1, 1.0, 10.0, 100.0, 1000.0}) {
    const auto embedding = make_embedding(GetParam(), 3000, span, 7);
    const Field truth = sum_all_pairs(GetParam(), embedding), found = compute(GetParam(), 0.5, embedding);
    EXPECT_LT(relative_error(found, truth), 0.02) << "span " << span;
    EXPECT_NEAR(found.z / truth.z, 1, 3e-3) << "span " << span;
  }
}

TEST_P(InDimensions, SmallerThetaIsMoreAccurate) {
  const auto embedding = make_embedding(GetParam(), 2000, 80, 11);
  const Field truth = sum_all_pairs(GetParam(), embedding);
  double before = 1;
  for (const double theta : {1.0, 0.5, 0.25, 0.1}) {
    const double error = relative_error(compute(GetParam(), theta, embedding), truth);
    EXPECT_LT(error, before);
    before = error;
  }
  EXPECT_LT(before, 1e-3);
}

TEST_P(InDimensions, TheNumberOfThreadsDoesNotMatter) {
  const auto embedding = make_embedding(GetParam(), 5000, 60, 3);
  for (const double theta : {0.0, 0.5}) {
    const Field one = compute(GetParam(), theta, embedding, 1);
    for (const unsigned threads : {2u, 4u}) {
      const Field many = compute(GetParam(), theta, embedding, threads);
      EXPECT_EQ(one.forces, many.forces);
      EXPECT_EQ(one.z, many.z);
    }
  }
}

TEST_P(InDimensions, DuplicatesAndOutliersAreHandled) {
  const std::size_t stride = stride_of(GetParam());
  auto embedding = make_embedding(GetParam(), 600, 20, 5);
  for (std::size_t i = 0; i < 200; ++i) std::copy_n(&embedding[0], stride, &embedding[i * stride]);
  embedding[599 * stride] = 1e7f;
  const Field truth = sum_all_pairs(GetParam(), embedding), found = compute(GetParam(), 0.5, embedding);
  EXPECT_LT(relative_error(found, truth), 0.02);
  EXPECT_NEAR(found.z / truth.z, 1, 3e-3);
}

TEST_P(InDimensions, EqualPointsDoNotRepelEachOther) {
  const std::vector<float> embedding(100 * stride_of(GetParam()), 2.5f);
  for (const double theta : {0.0, 0.5}) {
    const Field field = compute(GetParam(), theta, embedding);
    for (const float force : field.forces) EXPECT_EQ(force, 0.0f);
    EXPECT_NEAR(field.z, 100.0 * 99.0, 1e-3);
  }
}

TEST_P(InDimensions, OtherDegreesOfFreedomAgreeWithAllPairs) {
  for (const double alpha : {0.1, 0.5, 2.0, 10.0, 100.0}) {
    for (const double span : {1e-4, 1.0, 20.0, 200.0}) {
      const auto embedding = make_embedding(GetParam(), 1500, span, 19);
      const Field truth = sum_all_pairs(GetParam(), embedding, alpha);
      Field exact = compute(GetParam(), 0, embedding, 2, alpha);
      EXPECT_NEAR(exact.z, truth.z, 1e-5 * (truth.z + 1500.0)) << "alpha " << alpha << ", span " << span;
      EXPECT_LT(relative_error(exact, truth), 1e-4) << "alpha " << alpha << ", span " << span;
      const Field tree = compute(GetParam(), 0.5, embedding, 2, alpha);
      EXPECT_LT(relative_error(tree, truth), 0.03) << "alpha " << alpha << ", span " << span;
      EXPECT_NEAR(tree.z / truth.z, 1, 3e-3) << "alpha " << alpha << ", span " << span;
    }
  }
}

// The force is -1/2 the gradient of Z. This is tested with finite differences of the reference's Z.
TEST_P(InDimensions, ForceIsTheGradientOfZ) {
  const int dimensions = GetParam();
  auto embedding = make_embedding(dimensions, 40, 6, 13);
  const float step = 1.0f / 256;
  for (const double alpha : {0.5, 1.0, 2.0}) {
    const Field truth = sum_all_pairs(dimensions, embedding, alpha);
    for (std::size_t i = 0; i < 40; i += 9) {
      for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
        const std::size_t at = i * stride_of(dimensions) + d;
        const float kept = embedding[at];
        embedding[at] = kept + step;
        const double up = sum_all_pairs(dimensions, embedding, alpha).z;
        const float above = embedding[at];
        embedding[at] = kept - step;
        const double down = sum_all_pairs(dimensions, embedding, alpha).z;
        const double slope = (up - down) / static_cast<double>(above - embedding[at]);
        embedding[at] = kept;
        EXPECT_NEAR(-slope / 4, truth.forces[at], 1e-3 * (1 + std::abs(slope)));
      }
    }
  }
}

TEST_P(InDimensions, MortonOrderIsAPermutationThatKeepsNeighborsTogether) {
  const auto embedding = make_embedding(GetParam(), 4000, 50, 17);
  ThreadTeam team(2);
  const auto order = morton_order(GetParam(), embedding.data(), 4000, team);
  std::vector<bool> seen(4000);
  double along = 0, shuffled = 0;
  const std::size_t stride = stride_of(GetParam());
  for (std::size_t r = 0; r < order.size(); ++r) {
    EXPECT_FALSE(seen[order[r]]);
    seen[order[r]] = true;
    if (r > 0) along += std::abs(embedding[order[r] * stride] - embedding[order[r - 1] * stride]);
    if (r > 0) shuffled += std::abs(embedding[r * stride] - embedding[(r - 1) * stride]);
  }
  EXPECT_LT(along, shuffled / 4);
}

TEST(Repulsion, OfEveryPairStopsWhenCanceled) {
  const auto embedding = make_embedding(2, 500, 20, 23);
  std::vector<float> forces(embedding.size());
  ThreadTeam team(2);
  Cancellation cancellation;
  const auto repulsion = make_repulsion(Method::exact, 2, 0, 0.4, team, 1, &cancellation);
  repulsion->compute(embedding.data(), 500, forces.data());
  cancellation.request();
  EXPECT_THROW(repulsion->compute(embedding.data(), 500, forces.data()), Canceled);
}

TEST(Repulsion, InstructionSetsAgree) {
  const auto embedding = make_embedding(2, 333, 20, 21);
  std::vector<float> x, y;
  for (std::size_t i = 0; i < 333; ++i) {
    x.push_back(embedding[2 * i]);
    y.push_back(embedding[2 * i + 1]);
  }
  const std::size_t padded = 336;
  std::vector<float> masses(padded, 0.0f), spreads(padded, 0.0f);
  std::fill_n(masses.begin(), 333, 1.0f);
  x.resize(padded);
  y.resize(padded);
  const float* list[] = {x.data(), y.data(), masses.data(), spreads.data()};
  std::vector<const RepulsionKernels*> tables{&baseline::repulsion_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::repulsion_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::repulsion_kernels());
#endif
  const Field truth = sum_all_pairs(2, embedding);
  for (const RepulsionKernels* table : tables) {
    std::vector<float> fx(333), fy(333);
    float* forces[] = {fx.data(), fy.data()};
    const double z = table->all_pairs(2, list, padded, list, 0, 333, 1, forces) - 333;
    EXPECT_NEAR(z, truth.z, 1e-5 * truth.z);
    for (std::size_t i = 0; i < 333; ++i) EXPECT_NEAR(fx[i], truth.forces[2 * i], 1e-4);
  }
}

}  // namespace
}  // namespace sigma
