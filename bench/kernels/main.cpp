// Measures the time of each kernel separately, on data and finished embeddings as in real runs:
//
//   sigma_kernels_bench THREADS PERPLEXITY
//       the limits of the machine
//   sigma_kernels_bench THREADS PERPLEXITY X.npy SIGMA.npy|- [EMBEDDING.npy]...
//       the kernels; embeddings are n x 2 or n x 3
//   sigma_kernels_bench THREADS forces EMBEDDING.npy...
//       only the repulsion, compared with the exact sum
//
// Prints one JSON object per line.

#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/affinities.hpp"
#include "affinity/packed_affinities.hpp"
#include "affinity/perplexity.hpp"
#include "embedding/gradient_descent_kernels.hpp"
#include "limits.hpp"
#include "neighbors/exact_search.hpp"
#include "npy.hpp"
#include "repulsion/exact.hpp"
#include "repulsion/morton.hpp"
#include "repulsion/particle_mesh.hpp"
#include "repulsion/sp_tree.hpp"
#include "stopwatch.hpp"
#include "support/isa.hpp"

namespace sigma::bench {
namespace {

constexpr double kVarianceFloor = 0.01;
constexpr std::size_t kGradientDescentGrain = 512;

// The least work that one call of a kernel must do, for comparison with the limits; 0 if unknown.
struct Work {
  double multiplies = 0;       // number of floats that are multiplied, multiplied and added, or inverted
  double additions = 0;        // number of floats in all other arithmetic instructions
  double loads = 0;            // number of positions that are read through indices
  double bytes = 0;            // number of bytes that are moved
  double footprint = 0;        // bytes of all arrays in use, which determine the level of memory
  const char* otherwise = "";  // another reason that can limit the speed
};

struct Row {
  std::string kernel;
  const char* unit;  // the unit that is counted
  double units;      // number of units in one call
  double seconds;    // seconds per call
  Work work;
  double force_error = -1;
  double z_error = -1;
};

void print(const Row& row, std::size_t n) {
  std::printf("{\"kernel\":\"%s\",\"n\":%zu,\"unit\":\"%s\",\"units\":%.17g,\"seconds\":%.6g", row.kernel.c_str(), n,
              row.unit, row.units, row.seconds);
  const Work& work = row.work;
  std::printf(",\"multiplies\":%.6g,\"additions\":%.6g,\"loads\":%.6g,\"bytes\":%.6g,\"footprint\":%.6g",
              work.multiplies, work.additions, work.loads, work.bytes, work.footprint);
  std::printf(",\"otherwise\":\"%s\"", work.otherwise);
  if (row.force_error >= 0) std::printf(",\"forceError\":%.6g,\"zError\":%.6g", row.force_error, row.z_error);
  std::printf("}\n");
  std::fflush(stdout);
}

void print_limits(ThreadTeam& team) {
  const Operations operations = measure_operations(team);
  std::printf("{\"instructionSet\":\"%s\",\"multipliesPerSecond\":%.6g,\"operationsPerSecond\":%.6g",
              name_of(active_isa()), operations.multiplies, operations.all);
  std::printf(",\"indexedLoadsPerSecond\":%.6g,\"triad\":[", measure_indexed_loads(team));
  // Array sizes that fit into the cache of one core, fit into the shared cache, and exceed all caches.
  constexpr std::size_t kMib = std::size_t{1} << 20;
  const char* separator = "";
  for (const std::size_t bytes : {kMib, 12 * kMib, 768 * kMib}) {
    std::printf("%s{\"bytes\":%zu,\"bytesPerSecond\":%.6g}", separator, bytes, measure_triad(bytes, team));
    separator = ",";
  }
  std::printf("]}\n");
}

// Instructions per element in the inner loop of a distance. The comments list first the multiplications, then the other
// instructions.
struct ElementWork {
  std::string_view distance;
  double multiplies, additions;
};

constexpr ElementWork kElementWork[] = {
    // Multiply-add of the square. Subtraction.
    {"euclidean", 1, 1},
    {"expected", 1, 1},
    {"wasserstein", 1, 1},
    {"cosine", 1, 1},
    {"correlation", 1, 1},
    // Reciprocal (3), square, sum of squares. Subtraction, sums of the variances and of the weights.
    {"inverse-variance", 5, 3},
    // The same without the sum of the weights.
    {"mahalanobis", 5, 2},
    // Reciprocal (3), both squares and their sums, contrast, product of five factors. Subtractions, sum of the
    // variances, comparison.
    {"bhattacharyya", 13, 4},
    // Two reciprocals (3 each), which the pairs of a tile share, square, both sums, two factors. Subtractions, sum.
    {"jeffreys", 8, 3},
    // Subtraction, absolute value, sum.
    {"manhattan", 0, 3},
};

Neighbors time_neighbors(const Gaussians& points, bool has_sigma, std::size_t k, ThreadTeam& team,
                         const Cancellation& cancellation) {
  const auto n = static_cast<double>(points.count());
  Neighbors kept;
  for (const DistanceKernel& kernel : all_distances()) {
    if (kernel.traits.uses_sigma() && !has_sigma) continue;
    const Distance distance(kernel.name, points);
    Neighbors found;
    const double seconds =
        best_seconds([&] { found = search_exactly(distance, k, team, cancellation, [](double) {}); });
    const PackedMatrix* variances = distance.variances();
    const auto columns = static_cast<double>(distance.means().cols());
    const double pairs = n * (n - 1) / 2;
    const double read = columns + (variances != nullptr ? static_cast<double>(variances->cols()) : 0);
    Work work;
    for (const ElementWork& element : kElementWork) {
      if (element.distance != kernel.name) continue;
      work.multiplies = element.multiplies * pairs * columns;
      work.additions = element.additions * pairs * columns;
    }
    // Two groups of up to 512 points are loaded into the cache of a core together.
    work.bytes = 2 * pairs / 512 * read * 4;
    work.footprint = n * read * 4;
    work.otherwise = "keeping the nearest";
    print({std::string("neighbors, ") + kernel.name, "pair", pairs, seconds, work}, points.count());
    if (kept.count == 0) kept = std::move(found);
  }
  return kept;
}

Affinities time_affinities(const Neighbors& neighbors, double perplexity, ThreadTeam& team,
                           const Cancellation& cancellation) {
  const auto edges = static_cast<double>(neighbors.indices.size());
  ConditionalAffinities conditional;
  double seconds = best_seconds([&] { conditional = calibrate(neighbors, {perplexity}, team, cancellation); });
  Work work{.bytes = edges * 8, .footprint = edges * 8, .otherwise = "exponentials in float64"};
  print({"perplexity calibration", "edge", edges, seconds, work}, neighbors.count);
  Affinities affinities;
  seconds = best_seconds([&] { affinities = symmetrize(neighbors, conditional, team, cancellation); });
  const auto both = static_cast<double>(affinities.columns.size());
  // The neighbors and their values are read once, and the result is written once.
  work = {.bytes = edges * 8 + both * 8, .footprint = edges * 16 + both * 8, .otherwise = "sorting"};
  print({"symmetrization", "edge", both, seconds, work}, neighbors.count);
  return affinities;
}

template <int D>
void time_morton(const std::vector<float>& embedding, std::size_t n, ThreadTeam& team) {
  MortonCurve<D> curve;
  const double seconds = best_seconds([&] { curve.sort(embedding.data(), n, team); });
  // The pass for one digit reads the keys twice and writes them once.
  const double passes = std::ceil(D * curve.bits() / 11.0), points = static_cast<double>(n);
  const Work work{.bytes = points * (16.0 + 4.0 * stride_of(D) + passes * 48),
                  .footprint = points * 40,
                  .otherwise = "scattered writes, one thread"};
  print({"Morton sort, " + std::to_string(D) + "-D", "point", points, seconds, work}, n);
}

void time_gradient_descent(const Affinities& affinities, std::vector<float> embedding, std::size_t n, int dimensions,
                           ThreadTeam& team) {
  const std::size_t stride = stride_of(dimensions);
  std::vector<float> next(n * stride), velocity(n * stride), gains(n * stride, 1.0f), repulsion(n * stride);
  const PackedAffinities packed = pack(affinities, team);
  const GradientDescentStep step{.offsets = affinities.offsets.data(),
                                 .columns = affinities.columns.data(),
                                 .values = affinities.values.data(),
                                 .positions = embedding.data(),
                                 .repulsion = repulsion.data(),
                                 .next = next.data(),
                                 .velocity = velocity.data(),
                                 .gains = gains.data(),
                                 .exaggeration = 1.0f,
                                 .inverse_z = 1.0f,
                                 .momentum = 0.8f,
                                 .learning_rate = static_cast<float>(n),
                                 .degrees_of_freedom = 1.0f,
                                 .packed_offsets = packed.offsets.data(),
                                 .packed_edges = packed.edges.data(),
                                 .column_mask = packed.column_mask,
                                 .unit = packed.unit};
  const double seconds = best_seconds([&] {
    team.for_ranges(n, kGradientDescentGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      GradientDescentSums sums{};
      gradient_descent_kernels().step(dimensions, step, first, last, sums);
    });
  });
  const auto edges = static_cast<double>(affinities.columns.size());
  // Per edge: squares, a reciprocal (3 instructions), the product with p, and the forces; then subtractions, a limit,
  // unpacking.
  Work work{.multiplies = edges * (2.0 * dimensions + 4), .additions = edges * (dimensions + 4.0), .loads = edges};
  work.bytes = edges * 4 + static_cast<double>(n) * (8.0 + 28.0 * static_cast<double>(stride));
  work.footprint = work.bytes;
  work.otherwise = "gathers";
  print({"attraction and update, " + std::to_string(dimensions) + "-D", "edge", edges, seconds, work}, n);
}

struct Contender {
  std::string name;
  std::unique_ptr<Repulsion> repulsion;
};

// The methods whose error against the exact sum is measured. To add one, add a line here.
std::vector<Contender> repulsions(int dimensions, ThreadTeam& team) {
  std::vector<Contender> all;
  for (const double theta : {0.2, 0.5, 0.8}) {
    char name[32];
    std::snprintf(name, sizeof name, "Barnes-Hut, theta %.1f", theta);
    if (dimensions == 2) all.push_back({name, std::make_unique<SpTree<2>>(theta, team)});
    if (dimensions == 3) all.push_back({name, std::make_unique<SpTree<3>>(theta, team)});
  }
  if (dimensions == 2) all.push_back({"particle mesh, spacing 0.4", std::make_unique<ParticleMesh>(0.4, team)});
  return all;
}

void time_repulsion(const std::vector<float>& embedding, std::size_t n, int dimensions, ThreadTeam& team) {
  const std::size_t stride = stride_of(dimensions);
  const std::string suffix = ", " + std::to_string(dimensions) + "-D";
  const auto points = static_cast<double>(n);
  std::vector<float> exact(n * stride), forces(n * stride);
  ExactRepulsion reference(dimensions, team);
  double exact_z = 0;
  double seconds = best_seconds([&] { exact_z = reference.compute(embedding.data(), n, exact.data()); });
  // Per pair: squares, a reciprocal (3 instructions), ten for the weights that cells and points share, and the forces;
  // then subtractions and a limit.
  const Work work{.multiplies = points * points * (2.0 * dimensions + 11),
                  .additions = points * points * (dimensions + 1.0)};
  print({"exact repulsion" + suffix, "pair", points * points, seconds, work}, n);
  for (const Contender& contender : repulsions(dimensions, team)) {
    double z = 0;
    seconds = best_seconds([&] { z = contender.repulsion->compute(embedding.data(), n, forces.data()); });
    double error = 0, total = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
        const auto truth = static_cast<double>(exact[i * stride + d]);
        const double difference = static_cast<double>(forces[i * stride + d]) - truth;
        error += difference * difference;
        total += truth * truth;
      }
    }
    Row row{contender.name + suffix, "point", points, seconds, {}};
    row.force_error = std::sqrt(error / total);
    row.z_error = std::abs(z / exact_z - 1);
    print(row, n);
  }
}

// The rows of an embedding, padded as the core reads them.
std::vector<float> strided(const FloatMatrix& embedding) {
  const std::size_t stride = stride_of(static_cast<int>(embedding.cols));
  std::vector<float> rows(embedding.rows * stride, 0.0f);
  for (std::size_t i = 0; i < embedding.rows; ++i)
    std::copy_n(&embedding.values[i * embedding.cols], embedding.cols, &rows[i * stride]);
  return rows;
}

void time_embedding(const FloatMatrix& given, const Affinities& affinities, ThreadTeam& team) {
  const std::size_t n = given.rows, stride = stride_of(static_cast<int>(given.cols));
  const auto dimensions = static_cast<int>(given.cols);
  const std::vector<float> embedding = strided(given);
  std::vector<float> sorted(n * stride);
  if (dimensions == 2) time_morton<2>(embedding, n, team);
  if (dimensions == 3) time_morton<3>(embedding, n, team);
  // Sorts the rows as a run does.
  const std::vector<std::uint32_t> order = morton_order(dimensions, embedding.data(), n, team);
  for (std::size_t r = 0; r < n; ++r) std::copy_n(&embedding[order[r] * stride], stride, &sorted[r * stride]);
  time_gradient_descent(reorder(affinities, order, team), sorted, n, dimensions, team);
  time_repulsion(sorted, n, dimensions, team);
}

void run(const std::vector<std::string>& arguments) {
  const bool is_forces = arguments.size() > 1 && arguments[1] == "forces";
  if (arguments.size() < 2 || (arguments.size() == 3 && !is_forces)) {
    throw std::runtime_error(
        "usage: sigma_kernels_bench THREADS PERPLEXITY|forces [X.npy SIGMA.npy|-] [EMBEDDING.npy]...");
  }
  ThreadTeam team(static_cast<unsigned>(std::stoul(arguments[0])));
  if (arguments.size() == 2) return print_limits(team);
  const auto read_embedding = [](const std::string& path) {
    FloatMatrix embedding = read_npy(path);
    if (embedding.cols < 2 || embedding.cols > 3)
      throw std::runtime_error(path + " is no embedding of 2 or 3 dimensions");
    return embedding;
  };
  if (is_forces) {
    for (std::size_t a = 2; a < arguments.size(); ++a) {
      const FloatMatrix embedding = read_embedding(arguments[a]);
      time_repulsion(strided(embedding), embedding.rows, static_cast<int>(embedding.cols), team);
    }
    return;
  }
  const double perplexity = std::stod(arguments[1]);
  const FloatMatrix x = read_npy(arguments[2]);
  Gaussians points = pack_means({x.values.data(), nullptr}, x.rows, x.cols);
  const bool has_sigma = arguments[3] != "-";
  if (has_sigma) {
    const FloatMatrix sigma = read_npy(arguments[3]);
    if (sigma.rows != x.rows || sigma.cols != x.cols) throw std::runtime_error("sigma does not fit the data");
    pack_sigma(points, {sigma.values.data(), nullptr}, kVarianceFloor);
  }
  const Cancellation cancellation;
  const Neighbors neighbors =
      time_neighbors(points, has_sigma, static_cast<std::size_t>(3 * perplexity), team, cancellation);
  const Affinities affinities = time_affinities(neighbors, perplexity, team, cancellation);
  for (std::size_t a = 4; a < arguments.size(); ++a) {
    const FloatMatrix embedding = read_embedding(arguments[a]);
    if (embedding.rows != x.rows) throw std::runtime_error("the embedding does not fit the data");
    time_embedding(embedding, affinities, team);
  }
}

}  // namespace
}  // namespace sigma::bench

int main(int argc, char** argv) {
  try {
    sigma::bench::run({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
