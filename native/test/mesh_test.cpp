#include <cmath>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>

#include "field.hpp"
#include "repulsion/exact.hpp"
#include "repulsion/fourier.hpp"
#include "repulsion/mesh_kernels.hpp"
#include "repulsion/particle_mesh.hpp"
#include "support/random.hpp"

namespace sigma {
namespace {

using test::Field, test::relative_error;

Field compute(Repulsion&& repulsion, const std::vector<float>& embedding) {
  Field field{std::vector<float>(embedding.size()), 0};
  field.z = repulsion.compute(embedding.data(), embedding.size() / 2, field.forces.data());
  return field;
}

std::vector<float> make_embedding(std::size_t n, double width, double height, std::uint64_t seed) {
  Random random(seed);
  double centers[10][2];
  for (auto& center : centers) {
    center[0] = width * random.uniform();
    center[1] = height * random.uniform();
  }
  std::vector<float> embedding(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto cluster = random.bits() % 10;
    for (std::size_t d = 0; d < 2; ++d) {
      const double spread = 0.03 * (d == 0 ? width : height) * static_cast<double>(1 + cluster % 3);
      embedding[2 * i + d] = static_cast<float>(centers[cluster][d] + spread * random.normal());
    }
  }
  return embedding;
}

constexpr double kSpacing = 0.4;

TEST(ParticleMesh, IsAccurateAtEverySpan) {
  ThreadTeam team(2);
  for (const double span : {1e-4, 1e-2, 1.0, 10.0, 60.0, 300.0}) {
    const auto embedding = make_embedding(4000, span, 0.6 * span, 3);
    const Field truth = compute(ExactRepulsion(2, team), embedding),
                found = compute(ParticleMesh(kSpacing, team), embedding);
    EXPECT_LT(relative_error(found, truth), 0.02) << "span " << span;
    EXPECT_NEAR(found.z / truth.z, 1, 3e-3) << "span " << span;
  }
}

TEST(ParticleMesh, IsAccurateWithOtherDegreesOfFreedom) {
  ThreadTeam team(2);
  for (const double alpha : {0.1, 0.5, 2.0, 10.0, 100.0}) {
    for (const double span : {1e-4, 1e-2, 1.0, 10.0, 60.0, 300.0}) {
      const auto embedding = make_embedding(4000, span, 0.6 * span, 3);
      const Field truth = compute(ExactRepulsion(2, team, alpha), embedding);
      const Field found = compute(ParticleMesh(kSpacing, team, alpha), embedding);
      EXPECT_LT(relative_error(found, truth), 0.02) << "alpha " << alpha << ", span " << span;
      EXPECT_NEAR(found.z / truth.z, 1, 3e-3) << "alpha " << alpha << ", span " << span;
    }
  }
}

// Equal images have the same position, where the errors of their pairs add up.
TEST(ParticleMesh, IsAccurateIfManyPointsHaveTheSamePosition) {
  ThreadTeam team(2);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    auto embedding = make_embedding(8000, 120, 90, seed);
    for (std::size_t i = 1; i < 100; ++i) std::copy_n(&embedding[0], 2, &embedding[2 * i]);
    const Field truth = compute(ExactRepulsion(2, team), embedding),
                found = compute(ParticleMesh(kSpacing, team), embedding);
    EXPECT_LT(relative_error(found, truth), 0.02) << "seed " << seed;
  }
}

// Wide embeddings of few points sum the near part over pairs, also where cells are empty or at the edge.
TEST(ParticleMesh, IsAccurateIfFewPointsAreNearEachOther) {
  ThreadTeam team(2);
  for (const double aspect : {0.05, 0.4, 1.0}) {
    const auto embedding = make_embedding(6000, 400, 400 * aspect, 13);
    const Field truth = compute(ExactRepulsion(2, team), embedding),
                found = compute(ParticleMesh(kSpacing, team), embedding);
    EXPECT_LT(relative_error(found, truth), 0.008) << "aspect " << aspect;
    EXPECT_NEAR(found.z / truth.z, 1, 1e-3) << "aspect " << aspect;
  }
}

TEST(ParticleMesh, AddsTheNearPartOfNeighboringCells) {
  // Points per cell: one cell is empty, and one has more points than a vector.
  const std::vector<std::uint32_t> sizes{3, 0, 5, 1, 37, 2, 4, 7, 6};
  constexpr std::size_t kRows = 3, kColumns = 3;
  constexpr double kReach = 4, kA = 2.2;
  Random random(17);
  std::vector<std::uint32_t> starts{0}, cells;
  std::vector<float> x, y;
  for (std::uint32_t cell = 0; cell < sizes.size(); ++cell) {
    for (std::uint32_t i = 0; i < sizes[cell]; ++i) {
      x.push_back(static_cast<float>(kReach * (cell % kColumns + random.uniform())));
      y.push_back(static_cast<float>(kReach * (cell / kColumns + random.uniform())));
      cells.push_back(cell);
    }
    starts.push_back(static_cast<std::uint32_t>(x.size()));
  }
  const std::size_t n = x.size();
  std::vector<std::uint32_t> points(n);
  for (std::size_t i = 0; i < n; ++i) points[i] = static_cast<std::uint32_t>(n - 1 - i);
  const NearCells near{.x = x.data(),
                       .y = y.data(),
                       .points = points.data(),
                       .starts = starts.data(),
                       .rows = kRows,
                       .columns = kColumns,
                       .longest_list = n + mesh_kernels().lanes,
                       .decay = static_cast<float>(1 / (kA * kA))};
  std::vector<float> list(2 * near.longest_list), forces(2 * n, 1.0f);
  double total = 0;
  for (std::size_t row = 0; row < kRows; ++row) {
    total += mesh_kernels().add_near_pairs(near, row, list.data(), forces.data());
  }
  double truth = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double force[2] = {1, 1};
    for (std::size_t j = 0; j < n; ++j) {
      const auto apart = [&](std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; };
      if (apart(cells[i] / kColumns, cells[j] / kColumns) > 1 || apart(cells[i] % kColumns, cells[j] % kColumns) > 1) {
        continue;
      }
      const double dx = double{x[i]} - double{x[j]}, dy = double{y[i]} - double{y[j]}, s = 1 + dx * dx + dy * dy;
      const double w = std::exp(-s / (kA * kA)) / s;
      truth += w;
      force[0] += dx * w * (1 / s + 1 / (kA * kA));
      force[1] += dy * w * (1 / s + 1 / (kA * kA));
    }
    for (std::size_t d = 0; d < 2; ++d) {
      EXPECT_NEAR(forces[2 * points[i] + d], force[d], 1e-5 * (1 + std::abs(force[d]))) << "point " << i;
    }
  }
  EXPECT_NEAR(total, truth, 1e-5 * truth);
}

TEST(ParticleMesh, IsMoreAccurateWithAFinerMesh) {
  ThreadTeam team(2);
  const auto embedding = make_embedding(2000, 80, 80, 5);
  const Field truth = compute(ExactRepulsion(2, team), embedding);
  double before = 1;
  for (const double spacing : {0.8, 0.5, 0.35, 0.25}) {
    const double error = relative_error(compute(ParticleMesh(spacing, team), embedding), truth);
    EXPECT_LT(error, before);
    before = error;
  }
  EXPECT_LT(before, 2e-3);
}

TEST(ParticleMesh, DoesNotDependOnTheNumberOfThreads) {
  const auto embedding = make_embedding(9000, 90, 50, 7);
  ThreadTeam one(1);
  const Field alone = compute(ParticleMesh(kSpacing, one), embedding);
  for (const unsigned size : {2u, 4u}) {
    ThreadTeam team(size);
    const Field together = compute(ParticleMesh(kSpacing, team), embedding);
    EXPECT_EQ(alone.forces, together.forces);
    EXPECT_EQ(alone.z, together.z);
  }
}

// Earlier results must not influence later ones, because a run may be interrupted or compute its KL divergence in
// between.
TEST(ParticleMesh, DoesNotDependOnEarlierComputations) {
  ThreadTeam team(2);
  ParticleMesh mesh(kSpacing, team);
  const auto embedding = make_embedding(1000, 40, 40, 9);
  const Field fresh = compute(ParticleMesh(kSpacing, team), embedding);
  for (const double span : {5.0, 20.0, 80.0, 33.0, 21.0, 150.0}) {
    const auto other = make_embedding(800, span, span, 1);
    std::vector<float> forces(other.size());
    mesh.compute(other.data(), 800, forces.data());
  }
  std::vector<float> forces(embedding.size());
  EXPECT_EQ(mesh.compute(embedding.data(), 1000, forces.data()), fresh.z);
  EXPECT_EQ(forces, fresh.forces);
}

TEST(ParticleMesh, UsesBarnesHutForHugeEmbeddings) {
  ThreadTeam team(2);
  auto embedding = make_embedding(1000, 30, 30, 11);
  embedding[0] = 1e7f;
  const Field truth = compute(ExactRepulsion(2, team), embedding),
              found = compute(ParticleMesh(kSpacing, team), embedding);
  EXPECT_LT(relative_error(found, truth), 0.02);
}

TEST(ParticleMesh, HandlesFewPointsAndEqualPoints) {
  ThreadTeam team(2);
  for (const std::size_t n : {1, 2, 3, 100}) {
    const Field field = compute(ParticleMesh(kSpacing, team), std::vector<float>(2 * n, 2.5f));
    for (const float force : field.forces) EXPECT_NEAR(force, 0, 1e-6 * static_cast<double>(n));
    EXPECT_NEAR(field.z, static_cast<double>(n * (n - 1)), 2e-3 * static_cast<double>(n * n));
  }
  const std::vector<float> line{0, 0, 3, 0, 10, 0};
  const Field truth = compute(ExactRepulsion(2, team), line), found = compute(ParticleMesh(kSpacing, team), line);
  EXPECT_LT(relative_error(found, truth), 0.02);
}

struct Nodes {
  std::size_t rows, columns, stride;
  AlignedVector<float> values;
  MeshView view{};

  Nodes(std::size_t rows_, std::size_t columns_, std::size_t lanes)
      : rows(rows_),
        columns((columns_ + 2 * lanes - 1) / (2 * lanes) * 2 * lanes),
        stride(columns + kSplineOrder),
        values(rows * stride + 2 * lanes, 0.0f),
        view{.row_plan = nullptr,
             .column_plan = nullptr,
             .rows = rows,
             .columns = columns,
             .stride = stride,
             .nodes = values.data(),
             .frequencies = 0,
             .real = nullptr,
             .imaginary = nullptr} {}
};

// Spreads charges directly over the coarse nodes and reads the potential from them. The result must equal that of the
// way over fine nodes, on every instruction set.
TEST(ParticleMesh, ComputesCoarseSplinesAsSumsOfFineSplines) {
  std::vector<const MeshKernels*> tables{&baseline::mesh_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::mesh_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::mesh_kernels());
#endif
  constexpr std::size_t kPoints = 40, kCells[2] = {171, 93};
  Random random(5);
  std::vector<float> embedding(2 * kPoints);
  std::vector<std::uint32_t> all(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    all[i] = static_cast<std::uint32_t>(i);
    for (std::size_t d = 0; d < 2; ++d) embedding[2 * i + d] = static_cast<float>(random.uniform() * kCells[d]);
  }
  // The first coarse node only contributes to the first fine node, so coarse coordinates begin this far before it.
  const float before = static_cast<float>(kRefinement - 1 + kSplineOrder - 1) / kCoarser - (kSplineOrder - 1);
  std::vector<float> coarse_embedding(embedding);
  for (float& x : coarse_embedding) x = x / kCoarser + before;
  const MeshCoordinates unit{.origin = {0, 0}, .nodes_per_unit = 1};
  for (const MeshKernels* kernels : tables) {
    const std::size_t lanes = kernels->lanes;
    Nodes fine(kCells[1] + kSplineOrder, kCells[0] + kSplineOrder, lanes);
    const std::size_t rows = count_coarse(kCells[1] + kSplineOrder), columns = count_coarse(kCells[0] + kSplineOrder);
    Nodes coarse(rows, columns, lanes), direct(rows + kSplineOrder, columns + kSplineOrder, lanes);
    kernels->spread(fine.view, unit, embedding.data(), all.data(), kPoints);
    kernels->spread(direct.view, unit, coarse_embedding.data(), all.data(), kPoints);
    const std::size_t stride = wide_stride(fine.view);
    AlignedVector<float> wide(rows * stride);
    for (std::size_t x = 0; x < fine.columns; x += 4 * lanes) {
      kernels->restrict_columns(fine.view, x, rows, wide.data(), stride);
    }
    for (std::size_t y = 0; y < rows; ++y) kernels->restrict_row(fine.view, &wide[y * stride], coarse.view, y);
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        EXPECT_NEAR(coarse.values[y * coarse.stride + x], direct.values[y * direct.stride + x], 1e-5);
      }
    }

    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        const float value = static_cast<float>(random.normal());
        coarse.values[y * coarse.stride + x] = direct.values[y * direct.stride + x] = value;
      }
    }
    std::fill(fine.values.begin(), fine.values.end(), 0.0f);
    for (std::size_t y = 0; y < rows; ++y) kernels->prolong_row(coarse.view, y, fine.view, &wide[y * stride]);
    for (std::size_t y = 0; y < fine.rows; ++y) kernels->prolong_columns(fine.view, y, wide.data(), stride);
    std::vector<float> forces(2 * kPoints), expected(2 * kPoints);
    const double sum = kernels->interpolate(fine.view, unit, embedding.data(), all.data(), kPoints, forces.data());
    EXPECT_NEAR(sum,
                kernels->interpolate(direct.view, unit, coarse_embedding.data(), all.data(), kPoints, expected.data()),
                1e-4);
    for (std::size_t i = 0; i < forces.size(); ++i) EXPECT_NEAR(forces[i], expected[i] / kCoarser, 1e-5);
  }
}

TEST(Fourier, UsesEvenLengthsThatAreProductsOfSmallPrimes) {
  EXPECT_EQ(next_fourier_length(2), 2u);
  EXPECT_EQ(next_fourier_length(7), 8u);
  EXPECT_EQ(next_fourier_length(97), 100u);
  EXPECT_EQ(next_fourier_length(1025), 1080u);
  EXPECT_THROW(FourierPlan(14), std::invalid_argument);
}

// Compares one transformed real column with the defining sum, on every instruction set, and transforms it back.
TEST(Fourier, TransformsColumnsAsDefined) {
  std::vector<const MeshKernels*> tables{&baseline::mesh_kernels()};
#ifdef SIGMA_X86_64
  if (active_isa() >= Isa::avx2) tables.push_back(&avx2::mesh_kernels());
  if (active_isa() >= Isa::avx512) tables.push_back(&avx512::mesh_kernels());
#endif
  for (const MeshKernels* kernels : tables) {
    for (const std::size_t length : {2, 6, 8, 30, 60, 90, 128, 150}) {
      const FourierPlan plan(length);
      const std::size_t columns = 2 * kernels->lanes;
      const std::size_t frequencies = (length / 2 + kernels->lanes) / kernels->lanes * kernels->lanes;
      Random random(length);
      AlignedVector<float> nodes(length * columns), real(columns * frequencies), imaginary(columns * frequencies);
      for (float& node : nodes) node = static_cast<float>(random.normal());
      const AlignedVector<float> before = nodes;
      AlignedVector<float> scratch(mesh_scratch(length));
      const MeshView mesh{
          .row_plan = &plan,
          .column_plan = &plan,
          .rows = length,
          .columns = columns,
          .stride = columns,
          .nodes = nodes.data(),
          .frequencies = frequencies,
          .real = real.data(),
          .imaginary = imaginary.data(),
      };
      kernels->transform_columns(mesh, 0, scratch.data());
      for (std::size_t column = 0; column < columns; ++column) {
        for (std::size_t k = 0; k <= length / 2; ++k) {
          std::complex<double> sum = 0;
          for (std::size_t y = 0; y < length; ++y) {
            const double angle = -2 * std::numbers::pi * static_cast<double>(k * y) / static_cast<double>(length);
            sum += static_cast<double>(before[y * columns + column]) * std::polar(1.0, angle);
          }
          const double tolerance = 2e-6 * static_cast<double>(length);
          EXPECT_NEAR(real[column * frequencies + k], sum.real(), tolerance) << length;
          EXPECT_NEAR(imaginary[column * frequencies + k], sum.imag(), tolerance) << length;
        }
      }
      kernels->restore_columns(mesh, 0, scratch.data());
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        EXPECT_NEAR(nodes[i] / static_cast<float>(length), before[i], 1e-5);
      }
    }
  }
}

}  // namespace
}  // namespace sigma
