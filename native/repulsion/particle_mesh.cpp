#include "particle_mesh.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 2048;
// The mesh has at least so many cells a side: smaller maps get finer cells,
constexpr double kLeastCells = 48;
// but not so fine that float32 potentials lose their slopes.
constexpr double kLeastSpacing = 0.1;
// So many points on one spot ask for closer nodes.
constexpr std::size_t kManyEqual = 50;
constexpr double kCloserForEqual = 0.8;
// Half the kernel's period, at least, in units of the map: where the slope of w has fallen to that of 1 / (1 + d^2)
// at 12.
constexpr double kLeastReach = 12;
double least_reach(double alpha) {
  return std::max(kLeastReach, std::pow(std::pow(alpha, alpha + 1) * std::pow(kLeastReach, 3), 1 / (2 * alpha + 1)));
}
// Beyond so many nodes, padding included, the map is left to Barnes-Hut: a side's limit keeps memory in bounds, and
// that of the area, with n, is where a mesh for few points costs more than their tree.
constexpr std::size_t kLongestSide = 8192;
constexpr std::size_t kMostNodes = std::size_t{1} << 22;
constexpr std::size_t kMostNodesPerPoint = 64;
constexpr double kFallbackTheta = 0.5;
constexpr std::size_t kKernelsKept = 4;
// Rows of cells that one task spreads into; at least the spline's order, so that tasks two bands apart never meet.
constexpr std::uint32_t kBandRows = 16;

// The transform of the sampled spline, sum_j M(j + 1) exp(-2 pi i k j / L), is real up to a shift; its square is what
// the two passes through the splines multiply frequency k by.
std::vector<double> spline_transform(std::size_t length) {
  double knots[kSplineOrder + 1] = {0, 1};
  for (int n = 2; n < kSplineOrder; ++n) {
    for (int u = n; u > 0; --u) knots[u] = (u * knots[u] + (n + 1 - u) * knots[u - 1]) / n;
  }
  std::vector<double> squared(length);
  for (std::size_t k = 0; k < length; ++k) {
    double re = 0, im = 0;
    for (int j = 1; j < kSplineOrder; ++j) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k) * j / static_cast<double>(length);
      re += knots[j] * std::cos(angle);
      im += knots[j] * std::sin(angle);
    }
    squared[k] = re * re + im * im;
  }
  return squared;
}

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

ParticleMesh::Bounds ParticleMesh::find_bounds(const float* positions, std::size_t n) {
  bounds_.resize((n + kGrain - 1) / kGrain);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    Bounds part{{positions[2 * first], positions[2 * first + 1]}, {positions[2 * first], positions[2 * first + 1]}};
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < 2; ++d) {
        part.low[d] = std::min(part.low[d], positions[2 * i + d]);
        part.high[d] = std::max(part.high[d], positions[2 * i + d]);
      }
    }
    bounds_[chunk] = part;
  });
  Bounds all = bounds_[0];
  for (const Bounds& part : bounds_) {
    for (int d = 0; d < 2; ++d) {
      all.low[d] = std::min(all.low[d], part.low[d]);
      all.high[d] = std::max(all.high[d], part.high[d]);
    }
  }
  return all;
}

bool ParticleMesh::has_many_equal(const float* positions, std::size_t n) {
  if (n < kManyEqual) return false;
  constexpr std::size_t kApart = 2 * (kManyEqual - 1);
  const std::size_t starts = n - kManyEqual + 1;
  equal_.resize((starts + kGrain - 1) / kGrain);
  team_.for_ranges(starts, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    unsigned any = 0;
    for (std::size_t i = first; i < last; ++i) {
      const float* at = &positions[2 * i];
      any |= static_cast<unsigned>(at[0] == at[kApart]) & static_cast<unsigned>(at[1] == at[kApart + 1]);
    }
    equal_[chunk] = any;
  });
  return std::find(equal_.begin(), equal_.end(), 1u) != equal_.end();
}

// The transform of w for one size of mesh, divided by what the splines and the transforms multiply by.
struct ParticleMesh::Kernel {
  FourierPlan row_plan, column_plan;
  double spacing;
  std::size_t frequencies;
  AlignedVector<float> factors;  // by stretch of lanes frequencies: row_plan.length x lanes

  Kernel(std::size_t width, std::size_t height, double spacing_, double alpha, ThreadTeam& team)
      : row_plan(width), column_plan(height), spacing(spacing_) {
    const MeshKernels& kernels = mesh_kernels();
    const std::size_t lanes = kernels.lanes;
    frequencies = round_up(height / 2 + 1, lanes);
    const std::size_t columns = round_up(width, 2 * lanes);
    AlignedVector<float> nodes(height * columns, 0.0f), real(columns * frequencies), imaginary(columns * frequencies);
    team.for_each(height, [&](std::size_t y, unsigned) {
      const double dy = static_cast<double>(std::min(y, height - y)) * spacing;
      for (std::size_t x = 0; x < width; ++x) {
        const double dx = static_cast<double>(std::min(x, width - x)) * spacing;
        const double squared = dx * dx + dy * dy;
        const double weight = alpha == 1 ? 1 / (1 + squared) : std::pow(1 + squared / alpha, -alpha);
        nodes[y * columns + x] = static_cast<float>(weight);
      }
    });
    const MeshView mesh{&row_plan,    &column_plan, height,      width,           columns,
                        nodes.data(), frequencies,  real.data(), imaginary.data()};
    std::vector<AlignedVector<float>> scratch(team.size(), AlignedVector<float>(mesh_scratch(std::max(width, height))));
    team.for_each(columns / (2 * lanes), [&](std::size_t stretch, unsigned worker) {
      kernels.transform_columns(mesh, stretch * 2 * lanes, scratch[worker].data());
    });
    factors.resize(frequencies * width);
    team.for_each(frequencies / lanes, [&](std::size_t stretch, unsigned worker) {
      kernels.transform_rows(mesh, stretch * lanes, &factors[stretch * lanes * width], scratch[worker].data());
    });
    const std::vector<double> along_x = spline_transform(width), along_y = spline_transform(height);
    const double size = static_cast<double>(width) * static_cast<double>(height);
    team.for_each(frequencies / lanes, [&](std::size_t stretch, unsigned) {
      for (std::size_t kx = 0; kx < width; ++kx) {
        float* at = &factors[stretch * lanes * width + row_plan.place[kx] * lanes];
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const std::size_t ky = std::min(stretch * lanes + lane, height / 2);
          at[lane] = static_cast<float>(static_cast<double>(at[lane]) / (along_x[kx] * along_y[ky] * size));
        }
      }
    });
  }
};

ParticleMesh::ParticleMesh(double spacing, ThreadTeam& team, double degrees_of_freedom)
    : spacing_(spacing * std::min(1.0, std::sqrt(degrees_of_freedom))),
      degrees_of_freedom_(degrees_of_freedom),
      team_(team),
      fallback_(kFallbackTheta, team, degrees_of_freedom),
      scratch_(team.size()) {}

const ParticleMesh::Kernel& ParticleMesh::kernel_for(std::size_t width, std::size_t height, double spacing) {
  const auto found = std::find_if(kernels_.begin(), kernels_.end(), [&](const auto& kernel) {
    return kernel->row_plan.length == width && kernel->column_plan.length == height && kernel->spacing == spacing;
  });
  if (found != kernels_.end()) {
    std::rotate(kernels_.begin(), found, found + 1);
  } else {
    if (kernels_.size() == kKernelsKept) kernels_.pop_back();
    kernels_.insert(kernels_.begin(),
                    std::make_shared<const Kernel>(width, height, spacing, degrees_of_freedom_, team_));
  }
  return *kernels_.front();
}

// Sorts the points by the band of rows in which their splines begin, keeping their order within it.
void ParticleMesh::bin(const float* positions, std::size_t n, float origin, float per_unit, std::size_t bands) {
  const std::size_t chunks = (n + kGrain - 1) / kGrain;
  bands_.resize(n);
  binned_.resize(n);
  bin_starts_.assign(chunks * bands + 1, 0);
  bin_ends_.resize(chunks * bands);
  // Counts by band, then by chunk, so that their running sum says where each chunk's points of a band go.
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    for (std::size_t i = first; i < last; ++i) {
      const auto row = static_cast<std::uint32_t>((positions[2 * i + 1] - origin) * per_unit);
      bands_[i] = row / kBandRows;
      ++bin_starts_[bands_[i] * chunks + chunk + 1];
    }
  });
  for (std::size_t s = 0; s < chunks * bands; ++s) bin_starts_[s + 1] += bin_starts_[s];
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    std::uint32_t* next = &bin_ends_[chunk * bands];
    for (std::size_t band = 0; band < bands; ++band) next[band] = bin_starts_[band * chunks + chunk];
    for (std::size_t i = first; i < last; ++i) binned_[next[bands_[i]]++] = static_cast<std::uint32_t>(i);
  });
}

bool ParticleMesh::charge(const float* positions, std::size_t n, const float low[2], const float high[2]) {
  const MeshKernels& kernels = mesh_kernels();
  const std::size_t lanes = kernels.lanes;
  const double span[2] = {static_cast<double>(high[0]) - static_cast<double>(low[0]),
                          static_cast<double>(high[1]) - static_cast<double>(low[1])};
  const double most = has_many_equal(positions, n) ? kCloserForEqual * spacing_ : spacing_;
  const double spacing = std::clamp(std::max(span[0], span[1]) / kLeastCells, std::min(kLeastSpacing, most), most);
  std::size_t cells[2], lengths[2];
  for (int d = 0; d < 2; ++d) {
    if (span[d] / spacing > static_cast<double>(kLongestSide)) return false;
    cells[d] = static_cast<std::size_t>(span[d] / spacing) + 2;
    // Twice as long, so that nothing reaches around; and long enough for the kernel to be flat where its period ends,
    // since a kink there would ring.
    const auto reach = static_cast<std::size_t>(std::ceil(least_reach(degrees_of_freedom_) / spacing));
    lengths[d] = next_fourier_length(2 * std::max(cells[d] + kSplineOrder, reach));
    if (lengths[d] > kLongestSide) return false;
  }
  if (lengths[0] * lengths[1] > kMostNodes + kMostNodesPerPoint * n) return false;
  const Kernel& kernel = kernel_for(lengths[0], lengths[1], spacing);
  const std::size_t rows = cells[1] + kSplineOrder, columns = round_up(cells[0] + kSplineOrder, 2 * lanes);
  const std::size_t stride = columns + kSplineOrder;
  nodes_.resize(rows * stride);
  real_.resize(columns * kernel.frequencies);
  imaginary_.resize(columns * kernel.frequencies);
  for (AlignedVector<float>& scratch : scratch_) scratch.resize(mesh_scratch(std::max(lengths[0], lengths[1])));
  mesh_ = MeshView{&kernel.row_plan,
                   &kernel.column_plan,
                   rows,
                   std::min(columns, lengths[0]),
                   stride,
                   nodes_.data(),
                   kernel.frequencies,
                   real_.data(),
                   imaginary_.data()};
  placement_ = Placement{{low[0], low[1]}, static_cast<float>(1 / spacing)};

  const std::size_t bands = (cells[1] + kBandRows - 1) / kBandRows;
  bin(positions, n, low[1], placement_.per_unit, bands);
  const std::size_t chunks = (n + kGrain - 1) / kGrain;
  team_.for_ranges(rows, 32, [&](std::size_t first, std::size_t last, std::size_t) {
    std::fill(&nodes_[first * stride], nodes_.data() + last * stride, 0.0f);
  });
  for (const std::size_t parity : {0, 1}) {
    team_.for_each((bands + 1 - parity) / 2, [&](std::size_t pair, unsigned) {
      const std::size_t band = 2 * pair + parity;
      const std::uint32_t first = bin_starts_[band * chunks], last = bin_starts_[(band + 1) * chunks];
      kernels.spread(mesh_, placement_, positions, &binned_[first], last - first);
    });
  }
  team_.for_each(columns / (2 * lanes), [&](std::size_t stretch, unsigned worker) {
    kernels.transform_columns(mesh_, stretch * 2 * lanes, scratch_[worker].data());
  });
  team_.for_each(kernel.frequencies / lanes, [&](std::size_t stretch, unsigned worker) {
    kernels.convolve_rows(mesh_, stretch * lanes, &kernel.factors[stretch * lanes * lengths[0]],
                          scratch_[worker].data());
  });
  team_.for_each(columns / (2 * lanes), [&](std::size_t stretch, unsigned worker) {
    kernels.restore_columns(mesh_, stretch * 2 * lanes, scratch_[worker].data());
  });
  return true;
}

double ParticleMesh::compute_at(const float* position, float* force) const {
  constexpr std::uint32_t kOnly = 0;
  return mesh_kernels().interpolate(mesh_, placement_, position, &kOnly, 1, force);
}

double ParticleMesh::compute(const float* positions, std::size_t n, float* forces) {
  const Bounds bounds = find_bounds(positions, n);
  if (!charge(positions, n, bounds.low, bounds.high)) return fallback_.compute(positions, n, forces);
  const std::size_t chunks = (n + kGrain - 1) / kGrain;
  potentials_.resize(chunks);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    potentials_[chunk] =
        mesh_kernels().interpolate(mesh_, placement_, positions, &binned_[first], last - first, forces);
  });
  // Forces between points cancel in their sum; what is left of it is error, which all points share while they lie
  // together.
  force_sums_.resize(chunks);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    std::array<double, 2> sum{};
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < 2; ++d) sum[d] += static_cast<double>(forces[2 * i + d]);
    }
    force_sums_[chunk] = sum;
  });
  double z = -static_cast<double>(n), mean[2] = {};
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    z += potentials_[chunk];
    for (std::size_t d = 0; d < 2; ++d) mean[d] += force_sums_[chunk][d] / static_cast<double>(n);
  }
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < 2; ++d) forces[2 * i + d] -= static_cast<float>(mean[d]);
    }
  });
  return z;
}

}  // namespace sigma
