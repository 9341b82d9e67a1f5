#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "affinity/affinities.hpp"
#include "affinity/packed_affinities.hpp"
#include "effort.hpp"
#include "embedding/convergence.hpp"
#include "embedding/gradient_descent.hpp"
#include "embedding/run.hpp"
#include "embedding/schedule.hpp"
#include "golden.hpp"
#include "neighbors/exact_search.hpp"
#include "repulsion/exact.hpp"

namespace sigma {
namespace {

using test::Golden;

const OnProgress ignore = [](const Progress&) {};

Affinities golden_affinities() {
  const Gaussians points = Golden().points();
  ThreadTeam team(2);
  const Cancellation cancellation;
  const Neighbors neighbors =
      search_exactly(Distance("inverse-variance", points), Golden::k, team, cancellation, [](double) {});
  return symmetrize(neighbors, calibrate(neighbors, {Golden::perplexity}, team, cancellation), team, cancellation);
}

// A slow reference: gradient descent by its formulas, in float64 and over all pairs.
struct ReferenceOptimizer {
  const Affinities& p;
  std::size_t n, dimensions;
  double alpha;
  std::vector<double> positions, velocity, gains;  // n x dimensions
  double mean_curvature;
  bool climbs = false;

  ReferenceOptimizer(const Affinities& p_, std::size_t dimensions_, double alpha_, std::vector<double> start)
      : p(p_),
        n(p_.count()),
        dimensions(dimensions_),
        alpha(alpha_),
        positions(std::move(start)),
        velocity(n * dimensions, 0.0),
        gains(n * dimensions, 1.0),
        mean_curvature(1.0 / static_cast<double>(n)) {}

  double weight(std::size_t i, std::size_t j) const {
    double squared = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      squared += std::pow(positions[i * dimensions + d] - positions[j * dimensions + d], 2);
    }
    return 1 / (1 + squared / alpha);
  }

  // S_i = sum_j p_ij b_ij
  std::vector<double> curvatures() const {
    std::vector<double> sums(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
        sums[i] += static_cast<double>(p.values[e]) * weight(i, p.columns[e]);
      }
    }
    return sums;
  }

  // A quarter of the gradient of KL with exaggerated attraction.
  std::vector<double> gradient(double exaggeration) const {
    double z = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) z += i == j ? 0 : std::pow(weight(i, j), alpha);
    }
    std::vector<double> sums(n * dimensions, 0.0);
    const auto add = [&](std::size_t i, std::size_t j, double factor) {
      for (std::size_t d = 0; d < dimensions; ++d) {
        sums[i * dimensions + d] += factor * (positions[i * dimensions + d] - positions[j * dimensions + d]);
      }
    };
    for (std::size_t i = 0; i < n; ++i) {
      for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
        add(i, p.columns[e], exaggeration * static_cast<double>(p.values[e]) * weight(i, p.columns[e]));
      }
      for (std::size_t j = 0; j < n; ++j) add(i, j, -std::pow(weight(i, j), alpha + 1) / z);
    }
    return sums;
  }

  void step(const StepSettings& settings) {
    const std::vector<double> curvature = curvatures(), slope = gradient(settings.exaggeration);
    const bool divides = settings.optimizer == Optimizer::curvature;
    const double momentum = settings.momentum * (climbs ? settings.kept_uphill : 1);
    const double floor = std::max(0.5 * mean_curvature, 0.02 / static_cast<double>(n));
    double rise = 0;
    for (std::size_t at = 0; at < positions.size(); ++at) {
      rise += slope[at] * velocity[at];
      const double bend = settings.exaggeration * std::max(curvature[at / dimensions], floor);
      const double scaled = divides ? slope[at] / bend : slope[at];
      const bool agree = (scaled > 0) == (velocity[at] > 0);
      gains[at] = std::max(agree ? gains[at] * 0.8 : gains[at] + 0.2, 0.01);
      if (divides) gains[at] = std::min(gains[at], 2.0);
      velocity[at] = momentum * velocity[at] - settings.learning_rate * gains[at] * scaled;
    }
    climbs = rise > 0;
    for (std::size_t at = 0; at < positions.size(); ++at) positions[at] += velocity[at];
    mean_curvature = 0;
    for (const double s : curvature) mean_curvature += s / static_cast<double>(n);
    for (std::size_t d = 0; d < dimensions; ++d) {
      double mean = 0;
      for (std::size_t i = 0; i < n; ++i) mean += positions[i * dimensions + d] / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i) positions[i * dimensions + d] -= mean;
    }
  }
};

struct Setting {
  Optimizer optimizer;
  int dimensions;
  double alpha;
  bool packs;
};

class OptimizerStep : public testing::TestWithParam<Setting> {};
INSTANTIATE_TEST_SUITE_P(
    GradientDescent, OptimizerStep,
    testing::Values(Setting{Optimizer::curvature, 1, 1, false}, Setting{Optimizer::curvature, 2, 1, false},
                    Setting{Optimizer::curvature, 2, 1, true}, Setting{Optimizer::curvature, 2, 0.5, false},
                    Setting{Optimizer::curvature, 3, 2, true}, Setting{Optimizer::momentum, 2, 1, false},
                    Setting{Optimizer::momentum, 3, 0.5, false}));

TEST_P(OptimizerStep, AgreesWithItsFormulasInFloat64) {
  const auto [optimizer, dimensions, alpha, packs] = GetParam();
  const Affinities p = golden_affinities();
  ThreadTeam team(2);
  const PackedAffinities packed = packs ? pack(p, team) : PackedAffinities{};
  const auto d = static_cast<std::size_t>(dimensions);
  const std::size_t n = p.count(), stride = stride_of(dimensions);
  Random random(5);
  std::vector<double> start(n * d);
  AlignedVector<float> positions(n * stride, 0.0f), forces(n * stride, 0.0f);
  for (std::size_t i = 0; i < n * d; ++i) {
    positions[i / d * stride + i % d] = static_cast<float>(2 * random.normal());
    start[i] = static_cast<double>(positions[i / d * stride + i % d]);
  }
  ReferenceOptimizer reference(p, d, alpha, start);
  GradientDescent descent(n, dimensions);
  descent.start();
  descent.make_room();
  const auto repulsion = make_repulsion(Method::exact, dimensions, 0, 0.4, team, alpha);
  for (int t = 0; t < 6; ++t) {
    const StepSettings settings{.optimizer = optimizer,
                                .exaggeration = t < 3 ? 4.0 : 1.0,
                                .momentum = 0.9,
                                .learning_rate = optimizer == Optimizer::curvature ? 1.0 : 25.0,
                                .kept_uphill = optimizer == Optimizer::curvature ? 0.8 : 1.0};
    const double z = repulsion->compute(positions.data(), n, forces.data());
    ASSERT_TRUE(descent.step(settings, alpha, p, packed, forces, z, positions, team));
    reference.step(settings);
  }
  double error = 0, moved = 0;
  for (std::size_t i = 0; i < n * d; ++i) {
    error += std::pow(static_cast<double>(positions[i / d * stride + i % d]) - reference.positions[i], 2);
    moved += std::pow(reference.positions[i] - start[i], 2);
  }
  // A gradient near zero may have a different sign in float32, which leads to a different gain.
  EXPECT_LT(std::sqrt(error / moved), packs ? 2e-3 : 5e-4);
  EXPECT_EQ(descent.state().climbs, reference.climbs);
  EXPECT_NEAR(descent.state().mean_curvature / reference.mean_curvature, 1, packs ? 1e-3 : 1e-4);
}

TEST(Curvature, BoundsTheAttractionFromAbove) {
  // The attraction of point i is 2 sum_j p_ij alpha log(1 + d^2 / alpha). A parabola with the curvature 4 S_i that
  // touches it must lie above it wherever the point moves while the others stay.
  const Affinities p = golden_affinities();
  Random random(11);
  for (const double alpha : {0.5, 1.0, 2.0}) {
    std::vector<double> start(2 * p.count());
    for (double& y : start) y = 3 * random.normal();
    ReferenceOptimizer at(p, 2, alpha, start);
    const std::vector<double> curvature = at.curvatures();
    for (std::size_t i = 0; i < p.count(); i += 17) {
      const auto attraction = [&] {
        double sum = 0;
        for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
          sum -= 2 * static_cast<double>(p.values[e]) * alpha * std::log(at.weight(i, p.columns[e]));
        }
        return sum;
      };
      double slope[2] = {};
      for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
        const double factor = 4 * static_cast<double>(p.values[e]) * at.weight(i, p.columns[e]);
        for (std::size_t d = 0; d < 2; ++d) slope[d] += factor * (start[2 * i + d] - start[2 * p.columns[e] + d]);
      }
      const double here = attraction();
      for (int trial = 0; trial < 20; ++trial) {
        double parabola = here;
        for (std::size_t d = 0; d < 2; ++d) {
          const double step = 4 * random.normal();
          at.positions[2 * i + d] = start[2 * i + d] + step;
          parabola += slope[d] * step + 2 * curvature[i] * step * step;
        }
        EXPECT_LE(attraction(), parabola + 1e-12);
      }
      for (std::size_t d = 0; d < 2; ++d) at.positions[2 * i + d] = start[2 * i + d];
    }
  }
}

TEST(Schedule, LowersTheExaggerationAndEndsWithStrongDamping) {
  for (const std::uint64_t length : {0, 1, 20, 90, 250}) {
    Options options;
    options.optimizer = Optimizer::curvature;
    options.early_exaggeration_iterations = length;
    options.exaggeration = 1.5;
    const std::uint64_t end = end_of_schedule(options);
    double before = options.early_exaggeration, highest = 0;
    for (std::uint64_t t = 0; t <= end + 100; ++t) {
      const StepSettings now = settings_at(options, t);
      EXPECT_LE(now.exaggeration, before);
      EXPECT_GE(now.exaggeration, 1.5);
      if (t >= length) {
        EXPECT_EQ(now.exaggeration, 1.5);
      }
      if (t >= end) {
        EXPECT_NEAR(now.momentum, 0.9, 1e-12);
      }
      EXPECT_GE(now.momentum, 0.9 - 1e-12);
      EXPECT_EQ(now.learning_rate, 1);
      highest = std::max(highest, now.momentum);
      before = now.exaggeration;
    }
    EXPECT_NEAR(highest, 0.985, 1e-12);
    EXPECT_NEAR(settings_at(options, 0).momentum, 0.9, 1e-12) << length;
  }
}

TEST(Schedule, OfMomentumHasTwoPhases) {
  Options options;
  options.optimizer = Optimizer::momentum;
  options.early_exaggeration_iterations = 250;
  options.learning_rate = 7;
  options.final_learning_rate = 84;
  const StepSettings early = settings_at(options, 249), late = settings_at(options, 250);
  EXPECT_EQ(early.exaggeration, 12);
  EXPECT_EQ(early.momentum, 0.5);
  EXPECT_EQ(early.learning_rate, 7);
  EXPECT_EQ(late.exaggeration, 1);
  EXPECT_EQ(late.momentum, 0.8);
  EXPECT_EQ(late.learning_rate, 84);
  EXPECT_EQ(end_of_schedule(options), 250u);
}

TEST(Convergence, ComparesTheLastTwoDivergencesAfterTheSchedule) {
  Convergence convergence;
  EXPECT_FALSE(convergence.reached(0.01));
  convergence.add(2, 150, 250);
  convergence.add(2, 200, 250);
  EXPECT_FALSE(convergence.reached(0.01)) << "one alone";
  convergence.add(1.9, 250, 250);
  EXPECT_FALSE(convergence.reached(0.01));
  EXPECT_TRUE(convergence.reached(0.06));
  convergence.add(1.89, 300, 250);
  EXPECT_TRUE(convergence.reached(0.01));
  EXPECT_FALSE(Convergence(convergence.record()).reached(0.005));
  EXPECT_TRUE(Convergence(convergence.record()).reached(0.01));
}

Options quick() {
  Options options;
  options.optimizer = Optimizer::curvature;
  options.early_exaggeration_iterations = 90;
  options.perplexities = {10};
  return options;
}

TEST(Run, EndsWhenItHasConverged) {
  sigma::Run run(Golden().points(), quick());
  double fraction = 0;
  std::vector<double> kl;
  run.advance(
      1000,
      [&](const Progress& progress) {
        if (progress.stage != Stage::optimization) return;
        EXPECT_GE(progress.fraction, fraction);
        fraction = progress.fraction;
        if (progress.kl) kl.push_back(*progress.kl);
      },
      sigma::Run::Until::converged);
  EXPECT_EQ(fraction, 1);
  EXPECT_TRUE(run.has_converged());
  EXPECT_LT(run.iteration(), 1000u);
  EXPECT_GE(run.iteration(), end_of_schedule(run.options()));
  EXPECT_EQ(run.iteration(), 50 * kl.size());
  EXPECT_LT(kl[kl.size() - 2] - kl.back(), 0.01 * kl[kl.size() - 2]);
  // The run had already converged, so this call does nothing. A given number of iterations is still computed.
  const std::uint64_t reached = run.iteration();
  run.advance(1000, ignore, sigma::Run::Until::converged);
  EXPECT_EQ(run.iteration(), reached);
  run.advance(reached + 7, ignore);
  EXPECT_EQ(run.iteration(), reached + 7);
}

TEST(Run, EndsAtTheSameIterationWithTheSameBitsAfterBeingRestored) {
  for (const Optimizer optimizer : {Optimizer::curvature, Optimizer::momentum}) {
    Options options = quick();
    options.optimizer = optimizer;
    options.early_exaggeration_iterations = 30;
    options.learning_rate = options.final_learning_rate = 50;
    options.tolerance = 1e-4;
    sigma::Run whole(Golden().points(), options);
    whole.advance(1000, ignore, sigma::Run::Until::converged);
    for (const std::uint64_t halt : {1, 47, 200, 277}) {
      sigma::Run first(Golden().points(), options);
      first.advance(std::min<std::uint64_t>(halt, whole.iteration()), ignore);
      RunState state{first.points(),    first.frame(),     first.order(),      first.positions(),
                     first.optimizer(), first.iteration(), first.recorded_kl()};
      check(state);
      sigma::Run second(std::move(state), options);
      second.advance(1000, ignore, sigma::Run::Until::converged);
      EXPECT_EQ(second.iteration(), whole.iteration());
      EXPECT_EQ(second.embedding(), whole.embedding());
    }
  }
}

// Equal points, three points and data far from 1 must be embedded without diverging, and the KL divergence must not
// rise at the end.
TEST(Run, ConvergesOnDataOfAnyKind) {
  for (const std::size_t n : {3, 4, 60}) {
    for (const double scale : {0.0, 1.0, 1e30, 1e-30}) {
      for (const int dimensions : {1, 2, 3}) {
        if (test::kIsSanitized && dimensions == 3) continue;
        Random random(n);
        std::vector<double> data(n * 3);
        for (double& x : data) x = scale * random.normal();
        Options options = quick();
        options.output_dimensions = dimensions;
        options.perplexities = {n < 31 ? 1.0 : 10.0};
        sigma::Run run(pack_means({nullptr, data.data()}, n, 3), options);
        std::vector<double> kl;
        run.advance(
            500,
            [&](const Progress& progress) {
              if (progress.kl) kl.push_back(*progress.kl);
            },
            sigma::Run::Until::converged);
        for (const float y : run.embedding()) EXPECT_TRUE(std::isfinite(y));
        ASSERT_GE(kl.size(), 2u);
        EXPECT_LT(kl.back(), kl[kl.size() - 2] + 0.02) << n << " points, scale " << scale << ", " << dimensions << "-D";
      }
    }
  }
}

}  // namespace
}  // namespace sigma
