#include "flow_mesh.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "../repulsion/mesh_kernels.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 2048;
constexpr std::size_t kRows = 16;
constexpr double kUnit = 0x1p24;

struct Stencil {
  std::size_t low, high;
  float weight;  // of `high`
};

// Finds the two of `count` nodes at 0, 1, 2 ... between which a coordinate lies. Beyond the outermost nodes, their
// values are used.
Stencil between(float at, std::size_t count) {
  if (!(at > 0)) return {0, 0, 0};
  const auto low = static_cast<std::size_t>(at);
  if (low + 1 >= count) return {count - 1, count - 1, 0};
  return {low, low + 1, at - static_cast<float>(low)};
}

float read(const std::vector<float>& field, std::size_t columns, const Stencil& x, const Stencil& y) {
  const float* below = &field[y.low * columns];
  const float* above = &field[y.high * columns];
  const float lower = below[x.low] + x.weight * (below[x.high] - below[x.low]);
  const float upper = above[x.low] + x.weight * (above[x.high] - above[x.low]);
  return lower + y.weight * (upper - lower);
}

}  // namespace

FlowMesh::FlowMesh(std::size_t side, ThreadTeam& team)
    : side_(side), length_(2 * side), team_(team), plan_(length_), charges_(side * side), scratch_(team.size()) {
  const std::size_t lanes = mesh_kernels().lanes;
  frequencies_ = (length_ / 2 + lanes) / lanes * lanes;
  nodes_.resize(length_ * length_);
  real_.resize(length_ * frequencies_);
  imaginary_.resize(length_ * frequencies_);
  factors_.resize(length_ * frequencies_);
  for (AlignedVector<float>& scratch : scratch_) scratch.resize(mesh_scratch(length_));
  density_.resize(side * side);
  across_.resize(side * (side + 1));
  upwards_.resize((side + 1) * side);
}

void FlowMesh::flatten(SquarePoints& points, double width, int steps) {
  spread(points);
  convolve(width, false);
  convolve(width, true);
  carry(points, steps);
}

void FlowMesh::spread(const SquarePoints& points) {
  for (auto& charge : charges_) charge.store(0, std::memory_order_relaxed);
  const auto scale = static_cast<float>(side_);
  team_.for_ranges(points.size() / 2, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      const Stencil x = between(static_cast<float>(points[2 * i]) * scale - 0.5f, side_);
      const Stencil y = between(static_cast<float>(points[2 * i + 1]) * scale - 0.5f, side_);
      const auto add = [&](std::size_t column, std::size_t row, float share) {
        charges_[row * side_ + column].fetch_add(static_cast<std::uint64_t>(static_cast<double>(share) * kUnit),
                                                 std::memory_order_relaxed);
      };
      add(x.low, y.low, (1 - x.weight) * (1 - y.weight));
      add(x.high, y.low, x.weight * (1 - y.weight));
      add(x.low, y.high, (1 - x.weight) * y.weight);
      add(x.high, y.high, x.weight * y.weight);
    }
  });
  const double area = static_cast<double>(side_ * side_) / (kUnit * static_cast<double>(points.size() / 2));
  team_.for_ranges(side_, kRows, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t y = first; y < last; ++y) {
      for (std::size_t x = 0; x < side_; ++x) {
        const auto charge = charges_[y * side_ + x].load(std::memory_order_relaxed);
        density_[y * side_ + x] = static_cast<float>(static_cast<double>(charge) * area);
      }
    }
  });
}

void FlowMesh::convolve(double width, bool solves) {
  const MeshKernels& kernels = mesh_kernels();
  const std::size_t lanes = kernels.lanes;
  const MeshView mesh{
      .row_plan = &plan_,
      .column_plan = &plan_,
      .rows = length_,
      .columns = length_,
      .stride = length_,
      .nodes = nodes_.data(),
      .frequencies = frequencies_,
      .real = real_.data(),
      .imaginary = imaginary_.data(),
  };
  const auto reflect = [&](std::size_t at) { return at < side_ ? at : length_ - 1 - at; };
  team_.for_ranges(length_, kRows, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t y = first; y < last; ++y) {
      const float* from = &density_[reflect(y) * side_];
      for (std::size_t x = 0; x < length_; ++x) nodes_[y * length_ + x] = from[reflect(x)];
    }
  });
  const double angle = 2 * std::numbers::pi / static_cast<double>(length_);
  const double deviation = angle * width * static_cast<double>(side_);
  // For each frequency along one axis: its term of the Laplacian's eigenvalue, or its factor of the Gaussian.
  std::vector<double> along(length_);
  for (std::size_t k = 0; k < length_; ++k) {
    const auto order = static_cast<double>(std::min(k, length_ - k));
    along[k] = solves ? 2 - 2 * std::cos(angle * order) : std::exp(-0.5 * deviation * deviation * order * order);
  }
  const double size = static_cast<double>(length_) * static_cast<double>(length_);
  team_.for_each(frequencies_ / lanes, [&](std::size_t stretch, unsigned) {
    for (std::size_t kx = 0; kx < length_; ++kx) {
      float* to = &factors_[stretch * lanes * length_ + plan_.slot[kx] * lanes];
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t ky = std::min(stretch * lanes + lane, length_ / 2);
        if (!solves) {
          to[lane] = static_cast<float>(along[kx] * along[ky] / size);
        } else {
          to[lane] = kx == 0 && ky == 0 ? 0.0f : static_cast<float>(-1 / ((along[kx] + along[ky]) * size));
        }
      }
    }
  });
  team_.for_each(length_ / (2 * lanes), [&](std::size_t stretch, unsigned worker) {
    kernels.transform_columns(mesh, stretch * 2 * lanes, scratch_[worker].data());
  });
  team_.for_each(frequencies_ / lanes, [&](std::size_t stretch, unsigned worker) {
    kernels.convolve_rows(mesh, stretch * lanes, &factors_[stretch * lanes * length_], scratch_[worker].data());
  });
  team_.for_each(length_ / (2 * lanes), [&](std::size_t stretch, unsigned worker) {
    kernels.restore_columns(mesh, stretch * 2 * lanes, scratch_[worker].data());
  });
  team_.for_ranges(side_, kRows, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t y = first; y < last; ++y) {
      const float* row = &nodes_[y * length_];
      for (std::size_t x = 0; x < side_; ++x) {
        if (solves) {
          // Nothing flows through the walls of the square, so their entries stay 0.
          if (x > 0) across_[y * (side_ + 1) + x] = row[x] - row[x - 1];
          if (y > 0) upwards_[y * side_ + x] = row[x] - (row - length_)[x];
        } else {
          density_[y * side_ + x] = std::max(row[x], 0.0f);
        }
      }
    }
  });
}

void FlowMesh::carry(SquarePoints& points, int steps) {
  const auto scale = static_cast<float>(side_);
  const float step = 1 / static_cast<float>(steps);
  struct Position {
    float x, y;
  };
  const auto velocity = [&](Position at, float time) {
    const Stencil x = between(at.x, side_ + 1), y = between(at.y, side_ + 1);
    const Stencil in_x = between(at.x - 0.5f, side_), in_y = between(at.y - 0.5f, side_);
    // Where the density is 0, this is only `time`. The limit avoids a division by zero.
    const float thickness = std::max((1 - time) * read(density_, side_, in_x, in_y) + time, 1e-3f);
    return Position{read(across_, side_ + 1, x, in_y) / thickness, read(upwards_, side_, in_x, y) / thickness};
  };
  const auto inside = [&](float at) { return std::clamp(at, 0.0f, scale); };
  team_.for_ranges(points.size() / 2, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      // The displacement is summed separately from the position: float32 is enough for the displacement, but not for
      // the position.
      const double start[2] = {points[2 * i] * static_cast<double>(side_),
                               points[2 * i + 1] * static_cast<double>(side_)};
      double x = start[0], y = start[1];
      for (int s = 0; s < steps; ++s) {
        const float time = static_cast<float>(s) * step;
        const Position at{static_cast<float>(x), static_cast<float>(y)};
        const Position before = velocity(at, time);
        const Position middle{inside(at.x + before.x * step / 2), inside(at.y + before.y * step / 2)};
        const Position way = velocity(middle, time + step / 2);
        x = std::clamp(x + static_cast<double>(way.x * step), 0.0, static_cast<double>(side_));
        y = std::clamp(y + static_cast<double>(way.y * step), 0.0, static_cast<double>(side_));
      }
      points[2 * i] = x / static_cast<double>(side_);
      points[2 * i + 1] = y / static_cast<double>(side_);
    }
  });
}

}  // namespace sigma
