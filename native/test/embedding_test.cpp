#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "affinity/affinities.hpp"
#include "affinity/packed_affinities.hpp"
#include "effort.hpp"
#include "embedding/gradient_descent_kernels.hpp"
#include "embedding/run.hpp"
#include "golden.hpp"
#include "neighbors/exact_search.hpp"
#include "support/errors.hpp"

namespace sigma {
namespace {

using test::Golden;

const OnProgress ignore = [](const Progress&) {};

Options quick(std::uint64_t iterations = 200) {
  Options options;
  options.perplexities = {10};
  options.iterations = iterations;
  options.early_exaggeration_iterations = 100;
  options.learning_rate = options.final_learning_rate = 50;
  return options;
}

std::vector<float> embed(const Options& options, Gaussians points) {
  sigma::Run run(std::move(points), options);
  run.advance(options.iterations, ignore);
  return run.embedding();
}

Affinities golden_affinities(const char* distance) {
  const Gaussians points = Golden().points();
  ThreadTeam team(2);
  const Cancellation cancellation;
  const Neighbors neighbors = search_exactly(Distance(distance, points), Golden::k, team, cancellation, [](double) {});
  return symmetrize(neighbors, calibrate(neighbors, {Golden::perplexity}, team, cancellation), team, cancellation);
}

// Computes KL(P||Q), and its gradient from one step of gradient descent with rate 1 and no momentum.
struct SingleStep {
  std::size_t n;
  std::vector<float> positions;
  Affinities p;
  double alpha;
  Method method;
  ThreadTeam team{2};

  SingleStep(Affinities affinities, const std::vector<double>& y, double alpha_ = 1, Method method_ = Method::exact)
      : n(affinities.count()),
        positions(y.begin(), y.end()),
        p(std::move(affinities)),
        alpha(alpha_),
        method(method_) {}

  double kl() const {
    double z = 0, kl = 0;
    const auto weight = [this](std::size_t i, std::size_t j) {
      const double x = static_cast<double>(positions[2 * i]) - static_cast<double>(positions[2 * j]);
      const double y = static_cast<double>(positions[2 * i + 1]) - static_cast<double>(positions[2 * j + 1]);
      return std::pow(1 + (x * x + y * y) / alpha, -alpha);
    };
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) z += i == j ? 0 : weight(i, j);
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::uint64_t e = p.offsets[i]; e < p.offsets[i + 1]; ++e) {
        const auto value = static_cast<double>(p.values[e]);
        kl += value * std::log(value * z / weight(i, p.columns[e]));
      }
    }
    return kl;
  }

  std::vector<double> gradient() {
    std::vector<float> forces(2 * n), next(2 * n), velocity(2 * n, 0.0f), gains(2 * n, 1.0f);
    const double z = make_repulsion(method, 2, 0.2, 0.2, team, alpha)->compute(positions.data(), n, forces.data());
    const GradientDescentStep step{.offsets = p.offsets.data(),
                                   .columns = p.columns.data(),
                                   .values = p.values.data(),
                                   .positions = positions.data(),
                                   .repulsion = forces.data(),
                                   .next = next.data(),
                                   .velocity = velocity.data(),
                                   .gains = gains.data(),
                                   .exaggeration = 1.0f,
                                   .inverse_z = static_cast<float>(1 / z),
                                   .momentum = 0.0f,
                                   .learning_rate = 1.0f,
                                   .degrees_of_freedom = static_cast<float>(alpha)};
    GradientDescentSums sums{};
    gradient_descent_kernels().step(2, step, 0, n, sums);
    std::vector<double> gradient(2 * n);
    for (std::size_t i = 0; i < 2 * n; ++i) gradient[i] = -4.0 * static_cast<double>(velocity[i] / gains[i]);
    return gradient;
  }
};

struct Case {
  const char* distance;
  const char* prefix;
  double kl;
};

class GoldenGradientDescent : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(, GoldenGradientDescent,
                         testing::Values(Case{"euclidean", "euclidean", 3.8497266825016596},
                                         Case{"inverse-variance", "sigma", 3.897490815209192}),
                         [](const auto& info) { return std::string(info.param.prefix); });

TEST_P(GoldenGradientDescent, GradientAgrees) {
  SingleStep step(golden_affinities(GetParam().distance), test::read_golden<double>("y"));
  const auto expected = test::read_golden<double>(std::string(GetParam().prefix) + "_gradient");
  const auto found = step.gradient();
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 2e-7 + 1e-4 * std::abs(expected[i]));
}

TEST_P(GoldenGradientDescent, KlAgrees) {
  const auto y = test::read_golden<double>("y");
  EXPECT_NEAR(SingleStep(golden_affinities(GetParam().distance), y).kl(), GetParam().kl, 1e-5);
  Options options = quick(0);
  options.distance = GetParam().distance;
  options.start = Start::given;
  for (const double theta : {0.0, 0.2}) {
    options.theta = theta;
    sigma::Run run(Golden().points(), options, std::vector<float>(y.begin(), y.end()));
    run.advance(0, ignore);
    EXPECT_NEAR(run.kl(), GetParam().kl, theta == 0 ? 2e-5 : 1e-3);
  }
}

TEST(GradientDescent, TakesNearlyTheSameStepWithPackedAffinities) {
  ThreadTeam team(1);
  // In addition to the golden points there are points without edges, so that columns need more than 16 bits.
  for (const std::size_t n : {std::size_t{Golden::n}, std::size_t{70000}}) {
    for (const int dimensions : {1, 2, 3}) {
      for (const double alpha : {1.0, 2.0}) {
        Affinities p = golden_affinities("inverse-variance");
        p.offsets.resize(n + 1, p.offsets.back());
        std::vector<std::uint32_t> order(n);
        for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(n - 1 - i);
        reorder(p, order, team);
        const PackedAffinities packed = pack(p, team);
        const std::size_t stride = stride_of(dimensions);
        Random random(3);
        std::vector<float> positions(n * stride), forces(n * stride, 0.0f), next(n * stride), gains(n * stride, 1.0f);
        for (float& position : positions) position = static_cast<float>(random.normal());
        std::vector<float> plain(n * stride), small(n * stride);
        GradientDescentStep step{.offsets = p.offsets.data(),
                                 .columns = p.columns.data(),
                                 .values = p.values.data(),
                                 .positions = positions.data(),
                                 .repulsion = forces.data(),
                                 .next = next.data(),
                                 .velocity = plain.data(),
                                 .gains = gains.data(),
                                 .exaggeration = 12.0f,
                                 .inverse_z = 1.0f,
                                 .momentum = 0.0f,
                                 .learning_rate = 1.0f,
                                 .degrees_of_freedom = static_cast<float>(alpha)};
        GradientDescentSums sums{};
        gradient_descent_kernels().step(dimensions, step, 0, n, sums);
        gains.assign(n * stride, 1.0f);
        step.velocity = small.data();
        step.packed_offsets = packed.offsets.data();
        step.packed_edges = packed.edges.data();
        step.column_mask = packed.column_mask;
        step.unit = packed.unit;
        gradient_descent_kernels().step(dimensions, step, 0, n, sums);
        double error = 0, total = 0;
        for (std::size_t i = 0; i < n * stride; ++i) {
          error += std::pow(static_cast<double>(small[i] - plain[i]), 2);
          total += std::pow(static_cast<double>(plain[i]), 2);
        }
        EXPECT_LT(std::sqrt(error / total), 2e-4) << n << ", " << dimensions;
        EXPECT_GT(total, 0);
      }
    }
  }
}

TEST(GradientDescent, GradientIsTheSlopeOfKl) {
  for (const double alpha : {0.5, 1.0, 2.0}) {
    for (const Method method : {Method::exact, Method::barnes_hut, Method::particle_mesh}) {
      SingleStep run(golden_affinities("inverse-variance"), test::read_golden<double>("y"), alpha, method);
      const auto gradient = run.gradient();
      const double tolerance = method == Method::exact ? 1e-6 : 2e-5;
      const float step = 1.0f / 128;
      for (std::size_t i = 0; i < gradient.size(); i += test::kIsSanitized ? 401 : 41) {
        const float kept = run.positions[i];
        run.positions[i] = kept + step;
        const double up = run.kl();
        run.positions[i] = kept - step;
        const double down = run.kl();
        run.positions[i] = kept;
        EXPECT_NEAR((up - down) / (2.0 * step), gradient[i], tolerance + 2e-3 * std::abs(gradient[i]))
            << "alpha " << alpha << ", " << name_of(method);
      }
    }
  }
}

TEST(GradientDescent, KlWithSeveralDegreesOfFreedomAgreesWithTheDirectSum) {
  const auto y = test::read_golden<double>("y");
  Options options = quick(0);
  options.start = Start::given;
  const std::vector<double> alphas = test::kIsSanitized ? std::vector{0.5} : std::vector{0.1, 0.5, 2.0, 100.0};
  for (const double alpha : alphas) {
    options.degrees_of_freedom = alpha;
    const double expected = SingleStep(golden_affinities("euclidean"), y, alpha).kl();
    for (const Method method : {Method::exact, Method::barnes_hut, Method::particle_mesh}) {
      options.method = method;
      sigma::Run run(Golden().points(), options, std::vector<float>(y.begin(), y.end()));
      run.advance(0, ignore);
      EXPECT_NEAR(run.kl(), expected, method == Method::exact ? 5e-5 : 3e-3) << "alpha " << alpha;
    }
  }
}

TEST(Run, DoesNotDependOnTheNumberOfThreads) {
  for (const int dimensions : {1, 2, 3}) {
    Options options = quick(test::kIsSanitized ? 60 : 200);
    options.output_dimensions = dimensions;
    options.distance = "inverse-variance";
    const auto one = embed(options, Golden().points());
    for (const unsigned threads : {2u, 4u}) {
      options.threads = threads;
      EXPECT_EQ(embed(options, Golden().points()), one);
    }
  }
}

class RunByMethod : public testing::TestWithParam<Method> {};
INSTANTIATE_TEST_SUITE_P(, RunByMethod, testing::Values(Method::exact, Method::barnes_hut, Method::particle_mesh));

TEST_P(RunByMethod, EndsNearTheSameKl) {
  Options options = quick(400);
  options.method = Method::exact;
  sigma::Run exact(Golden().points(), options);
  exact.advance(400, ignore);
  options.method = GetParam();
  sigma::Run run(Golden().points(), options);
  run.advance(400, ignore);
  EXPECT_NEAR(run.kl(), exact.kl(), 0.03);
}

TEST_P(RunByMethod, DoesNotDependOnTheNumberOfThreads) {
  Options options = quick();
  options.method = GetParam();
  const auto one = embed(options, Golden().points());
  options.threads = 3;
  EXPECT_EQ(embed(options, Golden().points()), one);
}

TEST_P(RunByMethod, DoesNotDependOnPauses) {
  Options options = quick(320);
  options.method = GetParam();
  const auto whole = embed(options, Golden().points());
  sigma::Run run(Golden().points(), options);
  for (const std::uint64_t until : {0, 1, 49, 50, 51, 177, 320}) run.advance(until, ignore);
  EXPECT_EQ(run.embedding(), whole);
}

TEST(Run, ContinuesAfterCancellation) {
  const Options options = quick(200);
  const auto whole = embed(options, Golden().points());
  sigma::Run run(Golden().points(), options);
  for (const Stage stage : {Stage::neighbors, Stage::affinities, Stage::initialization, Stage::optimization}) {
    run.clear_cancellation();
    EXPECT_THROW(run.advance(200,
                             [&](const Progress& progress) {
                               if (progress.stage == stage) run.cancel();
                             }),
                 Canceled);
  }
  run.clear_cancellation();
  run.advance(200, ignore);
  EXPECT_EQ(run.embedding(), whole);
}

TEST(Run, GivesTheSameEmbeddingWithConstantSigmaAsWithoutSigma) {
  const Golden golden;
  Gaussians points = pack_means({nullptr, golden.mu.data()}, Golden::n, Golden::d);
  Options options = quick();
  const auto plain = embed(options, points);
  const std::vector<double> constant(golden.mu.size(), 0.7);
  pack_sigma(points, {nullptr, constant.data()}, 0.01);
  options.distance = "inverse-variance";
  EXPECT_EQ(embed(options, points), plain);
}

TEST(Run, ChoosesItsMethodBySize) {
  EXPECT_EQ(resolve_method(Method::automatic, 100, 2, 0.5), Method::barnes_hut);
  EXPECT_EQ(resolve_method(Method::automatic, 100000, 2, 0.5), Method::particle_mesh);
  EXPECT_EQ(resolve_method(Method::automatic, 100000, 3, 0.5), Method::barnes_hut);
  EXPECT_EQ(resolve_method(Method::automatic, 100000, 2, 0), Method::exact);
  EXPECT_EQ(resolve_method(Method::barnes_hut, 100000, 2, 0.5), Method::barnes_hut);
}

TEST(Run, LowersKl) {
  Options options = quick(400);
  sigma::Run run(Golden().points(), options);
  run.advance(100, ignore);
  const double before = run.kl();
  run.advance(400, ignore);
  EXPECT_LT(run.kl(), before);
}

TEST(Run, ReportsTheCompletionOfEveryStageOnce) {
  std::vector<std::string> finished;
  sigma::Run run(Golden().points(), quick(50));
  run.advance(50, [&](const Progress& progress) {
    if (progress.fraction == 1) finished.emplace_back(name_of(progress.stage));
  });
  EXPECT_EQ(finished, (std::vector<std::string>{"neighbors", "affinities", "initialization", "optimization"}));
}

TEST(Run, ThrowsIfTheEmbeddingDiverges) {
  Options options = quick(200);
  options.optimizer = Optimizer::momentum;
  options.learning_rate = options.final_learning_rate = 1e18;
  sigma::Run run(Golden().points(), options);
  EXPECT_THROW(run.advance(200, ignore), Diverged);
  const std::uint64_t reached = run.iteration();
  // The velocities belong to no iteration, so the run can neither continue nor be saved.
  EXPECT_THROW(run.advance(reached, ignore), Diverged);
  EXPECT_THROW(run.require_sound(), Diverged);
  EXPECT_EQ(run.iteration(), reached);
}

TEST(Run, EmbedsTheSmallestAndFlattestData) {
  for (const std::size_t n : {3, 4, 7, 100}) {
    for (const int dimensions : {1, 2, 3}) {
      for (const bool constant : {true, false}) {
        std::vector<double> data(n * 2);
        for (std::size_t i = 0; i < data.size(); ++i) data[i] = constant ? 5.0 : static_cast<double>(i % 5);
        Options options = quick(test::kIsSanitized ? 30 : 120);
        options.output_dimensions = dimensions;
        options.perplexities = {n < 31 ? 1.0 : 10.0};
        options.method = dimensions == 2 && n % 2 == 0 ? Method::particle_mesh : Method::automatic;
        for (const float y : embed(options, pack_means({nullptr, data.data()}, n, 2))) EXPECT_TRUE(std::isfinite(y));
      }
    }
  }
}

TEST(Run, ReducesToPrincipalComponents) {
  Options options = quick(50);
  options.pca_components = 4;
  sigma::Run run(Golden().points(), options);
  run.advance(50, ignore);
  EXPECT_GT(run.seconds(Stage::pca), 0);
  options.pca_components = Golden::d;
  options.theta = 0;
  // Using all components only rotates the data, which does not change any distance.
  Options plain = options;
  plain.pca_components = 0;
  sigma::Run rotated(Golden().points(), options), given(Golden().points(), plain);
  rotated.advance(50, ignore);
  given.advance(50, ignore);
  EXPECT_NEAR(rotated.kl(), given.kl(), 1e-2);
}

}  // namespace
}  // namespace sigma
