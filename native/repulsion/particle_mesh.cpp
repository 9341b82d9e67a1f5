#include "particle_mesh.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 2048;
// The mesh has at least this number of cells per side. Smaller embeddings therefore get finer cells,
constexpr double kLeastCells = 48;
// but the cells do not become so fine that differences of float32 potentials lose their digits.
constexpr double kLeastSpacing = 0.1;
// If this many points are at one position, the nodes are placed closer together by the factor kCloserForEqual.
constexpr std::size_t kManyEqual = 50;
constexpr double kCloserForEqual = 0.8;
// The minimum of half the kernel's period, in units of the embedding. At this distance the slope of w has fallen to the
// slope of 1 / (1 + d^2) at 12.
constexpr double kLeastReach = 12;
double least_reach(double alpha) {
  return std::max(kLeastReach, std::pow(std::pow(alpha, alpha + 1) * std::pow(kLeastReach, 3), 1 / (2 * alpha + 1)));
}
// If the mesh would have more nodes than these limits, padding included, Barnes-Hut is used instead. The limit of a
// side bounds the memory. Beyond the limits of the area, one of which depends on n, a mesh for few points would cost
// more than a tree.
constexpr std::size_t kLongestSide = 8192;
constexpr std::size_t kMostNodes = std::size_t{1} << 22;
constexpr std::size_t kMostNodesPerPoint = 64;
constexpr double kFallbackTheta = 0.5;
constexpr std::size_t kKernelsKept = 6;
// From this number of cells per side on, w is split and computed on two meshes. A single mesh is as fast at 80 cells
// per side, and takes 1.1 to 1.3 times as long at 160. Only for 1 / (1 + d^2) do the two parts have a closed form.
constexpr std::size_t kPartedCells = 100;
// The length a at which w is split, in nodes of the fine mesh. With coarse nodes kCoarser = 5 times as far apart, the
// transform of the far part falls to e^-10 of its initial value. Within 3 a the near part falls to e^-9 / (1 + 9 a^2).
constexpr double kPartingNodes = 10;
constexpr double kNearReach = 3;
// If the near part is summed over pairs, only the rest of w needs a mesh. Its nodes are kPairSpacing times as far apart
// as those of a fine mesh, a is kPairParting times their distance, and pairs are summed within kPairCells of them or
// more. At the default spacing the error of the forces is then 0.4 to 0.5 %, less than that of two meshes.
constexpr double kPairSpacing = 5, kPairParting = 1.1;
constexpr std::uint32_t kPairCells = 2;
// With a finer mesh than this, the user asks for more accuracy than pairs give.
constexpr double kFinestForPairs = 0.4;
// The pairs that are summed in the time that one node of a mesh takes: measured 4.6 to 6.8, with vectors of 4 to 16
// floats.
constexpr double kPairsPerNode = 5;
// Rows of pair cells per task for spreading charges. Splines of tasks two bands apart do not overlap.
constexpr std::size_t kPairBand = 4;
static_assert(kPairBand * kPairCells >= kSplineOrder);
// Rows of cells per task for spreading charges. This is at least the spline's order, so that tasks two bands apart
// never write to the same nodes.
constexpr std::uint32_t kBandRows = 16;
constexpr std::size_t kCoarseGrain = 8;

// The transform of the sampled spline, sum_j M(j + 1) exp(-2 pi i k j / L), is real up to a shift. The two passes
// through the splines multiply frequency k by its square.
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

struct PairCount {
  double pairs = 0;
  std::size_t longest_list = 0;  // the most points in 3 x 3 cells
};

// `starts` is that of NearCells.
PairCount count_pairs(const std::vector<std::uint32_t>& starts, std::size_t rows, std::size_t columns) {
  PairCount count;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::size_t listed = 0;
      for (std::size_t r = row > 0 ? row - 1 : 0; r < std::min(row + 2, rows); ++r) {
        const Stretch stretch = stretch_around(starts.data(), columns, r, column);
        listed += stretch.last - stretch.first;
      }
      const std::size_t cell = row * columns + column;
      count.longest_list = std::max(count.longest_list, listed);
      count.pairs += static_cast<double>(starts[cell + 1] - starts[cell]) * static_cast<double>(listed);
    }
  }
  return count;
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

// The transform of w for one size of the mesh, divided by the factors of the splines and of the transforms.
struct ParticleMesh::Kernel {
  FourierPlan row_plan, column_plan;
  double spacing;
  std::size_t frequencies;
  AlignedVector<float> factors;  // for each stretch of `lanes` frequencies: row_plan.length x lanes

  Part part;

  Kernel(std::size_t width, std::size_t height, double spacing_, Part part_, double alpha, ThreadTeam& team)
      : row_plan(width), column_plan(height), spacing(spacing_), part(part_) {
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
        nodes[y * columns + x] = static_cast<float>(evaluate(squared, alpha));
      }
    });
    const MeshView mesh{.row_plan = &row_plan,
                        .column_plan = &column_plan,
                        .rows = height,
                        .columns = width,
                        .stride = columns,
                        .nodes = nodes.data(),
                        .frequencies = frequencies,
                        .real = real.data(),
                        .imaginary = imaginary.data()};
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
        float* at = &factors[stretch * lanes * width + row_plan.slot[kx] * lanes];
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const std::size_t ky = std::min(stretch * lanes + lane, height / 2);
          at[lane] = static_cast<float>(static_cast<double>(at[lane]) / (along_x[kx] * along_y[ky] * size));
        }
      }
    });
  }

  double evaluate(double squared, double alpha) const {
    if (part == Part::whole) return alpha == 1 ? 1 / (1 + squared) : std::pow(1 + squared / alpha, -alpha);
    const double nodes = part == Part::near           ? kPartingNodes
                         : part == Part::beyond_pairs ? kPairParting
                                                      : kPartingNodes / kCoarser;
    const double a = nodes * spacing;
    const double exponent = -(1 + squared) / (a * a);
    return (part == Part::near ? std::exp(exponent) : -std::expm1(exponent)) / (1 + squared);
  }
};

ParticleMesh::ParticleMesh(double spacing, ThreadTeam& team, double degrees_of_freedom)
    : spacing_(spacing * std::min(1.0, std::sqrt(degrees_of_freedom))),
      degrees_of_freedom_(degrees_of_freedom),
      team_(team),
      fallback_(kFallbackTheta, team, degrees_of_freedom),
      scratch_(team.size()) {}

std::shared_ptr<const ParticleMesh::Kernel> ParticleMesh::kernel_for(std::size_t width, std::size_t height,
                                                                     double spacing, Part part) {
  const auto found = std::find_if(kernels_.begin(), kernels_.end(), [&](const auto& kernel) {
    return kernel->row_plan.length == width && kernel->column_plan.length == height && kernel->spacing == spacing &&
           kernel->part == part;
  });
  if (found != kernels_.end()) {
    std::rotate(kernels_.begin(), found, found + 1);
  } else {
    if (kernels_.size() == kKernelsKept) kernels_.pop_back();
    kernels_.insert(kernels_.begin(),
                    std::make_shared<const Kernel>(width, height, spacing, part, degrees_of_freedom_, team_));
  }
  return kernels_.front();
}

void ParticleMesh::lay_out(Sheet& sheet, const std::size_t (&nodes)[2], const std::size_t (&lengths)[2], double spacing,
                           Part part) {
  const std::size_t lanes = mesh_kernels().lanes;
  const std::size_t rows = nodes[1], columns = round_up(nodes[0], 2 * lanes), stride = columns + kSplineOrder;
  sheet.kernel = kernel_for(lengths[0], lengths[1], spacing, part);
  const Kernel& kernel = *sheet.kernel;
  // Vector loads may reach beyond the end of the last row.
  sheet.nodes.resize(rows * stride + 2 * lanes);
  sheet.real.resize(columns * kernel.frequencies);
  sheet.imaginary.resize(columns * kernel.frequencies);
  sheet.view = {.row_plan = &kernel.row_plan,
                .column_plan = &kernel.column_plan,
                .rows = rows,
                .columns = std::min(columns, lengths[0]),
                .stride = stride,
                .nodes = sheet.nodes.data(),
                .frequencies = kernel.frequencies,
                .real = sheet.real.data(),
                .imaginary = sheet.imaginary.data()};
  for (AlignedVector<float>& scratch : scratch_) {
    scratch.resize(std::max(scratch.size(), mesh_scratch(std::max(lengths[0], lengths[1]))));
  }
}

void ParticleMesh::convolve(std::span<Sheet* const> sheets) {
  const MeshKernels& kernels = mesh_kernels();
  const std::size_t lanes = kernels.lanes;
  // Calls body(sheet, part, worker) for all parts of all sheets.
  const auto for_parts = [&](auto&& count, auto&& body) {
    std::size_t all = 0;
    for (const Sheet* sheet : sheets) all += count(*sheet);
    team_.for_each(all, [&](std::size_t part, unsigned worker) {
      for (const Sheet* sheet : sheets) {
        if (part < count(*sheet)) return body(*sheet, part, scratch_[worker].data());
        part -= count(*sheet);
      }
    });
  };
  const auto count_stretches = [&](const Sheet& sheet) { return (sheet.view.stride - kSplineOrder) / (2 * lanes); };
  for_parts(count_stretches, [&](const Sheet& sheet, std::size_t stretch, float* scratch) {
    kernels.transform_columns(sheet.view, stretch * 2 * lanes, scratch);
  });
  for_parts([&](const Sheet& sheet) { return sheet.view.frequencies / lanes; },
            [&](const Sheet& sheet, std::size_t stretch, float* scratch) {
              const std::size_t width = sheet.kernel->row_plan.length;
              kernels.convolve_rows(sheet.view, stretch * lanes, &sheet.kernel->factors[stretch * lanes * width],
                                    scratch);
            });
  for_parts(count_stretches, [&](const Sheet& sheet, std::size_t stretch, float* scratch) {
    kernels.restore_columns(sheet.view, stretch * 2 * lanes, scratch);
  });
}

void ParticleMesh::restrict_charges() {
  const MeshKernels& kernels = mesh_kernels();
  const MeshView &fine = fine_.view, &coarse = coarse_.view;
  const std::size_t stride = wide_stride(fine), columns = 4 * kernels.lanes;
  wide_.resize(coarse.rows * stride);
  team_.for_each((fine.stride + columns - 1) / columns, [&](std::size_t stretch, unsigned) {
    kernels.restrict_columns(fine, stretch * columns, coarse.rows, wide_.data(), stride);
  });
  team_.for_ranges(coarse.rows, kCoarseGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t row = first; row < last; ++row) kernels.restrict_row(fine, &wide_[row * stride], coarse, row);
  });
}

void ParticleMesh::prolong_potential() {
  const MeshKernels& kernels = mesh_kernels();
  const MeshView &fine = fine_.view, &coarse = coarse_.view;
  const std::size_t stride = wide_stride(fine);
  team_.for_ranges(coarse.rows, kCoarseGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t row = first; row < last; ++row) kernels.prolong_row(coarse, row, fine, &wide_[row * stride]);
  });
  team_.for_ranges(fine.rows, 2 * kBandRows, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t row = first; row < last; ++row) kernels.prolong_columns(fine, row, wide_.data(), stride);
  });
}

template <class KeyOf>
void ParticleMesh::sort_by(std::size_t n, std::size_t keys, KeyOf&& key_of) {
  const std::size_t chunks = (n + kGrain - 1) / kGrain;
  keys_.resize(n);
  sorted_.resize(n);
  // One list of indices per chunk. The lists are far enough apart that no two threads write to the same cache line.
  const std::size_t stride = round_up(keys, 16);
  next_indices_.assign(chunks * stride, 0);
  starts_.resize(keys + 1);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    std::uint32_t* counts = &next_indices_[chunk * stride];
    for (std::size_t i = first; i < last; ++i) ++counts[keys_[i] = key_of(i)];
  });
  std::uint32_t next = 0;
  for (std::size_t key = 0; key < keys; ++key) {
    starts_[key] = next;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      next += std::exchange(next_indices_[chunk * stride + key], next);
    }
  }
  starts_[keys] = next;
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    std::uint32_t* next_index = &next_indices_[chunk * stride];
    for (std::size_t i = first; i < last; ++i) sorted_[next_index[keys_[i]]++] = static_cast<std::uint32_t>(i);
  });
}

void ParticleMesh::spread_bands(const float* positions, std::size_t bands, std::size_t keys_per_band) {
  const MeshView& fine = fine_.view;
  team_.for_ranges(fine.rows, 2 * kBandRows, [&](std::size_t first, std::size_t last, std::size_t) {
    std::fill(fine.nodes + first * fine.stride, fine.nodes + last * fine.stride, 0.0f);
  });
  for (const std::size_t parity : {0, 1}) {
    team_.for_each((bands + 1 - parity) / 2, [&](std::size_t pair, unsigned) {
      const std::size_t key = (2 * pair + parity) * keys_per_band;
      const std::uint32_t first = starts_[key], last = starts_[std::min(key + keys_per_band, starts_.size() - 1)];
      mesh_kernels().spread(fine, coordinates_, positions, &sorted_[first], last - first);
    });
  }
}

bool ParticleMesh::charge_for_pairs(const float* positions, std::size_t n, const Bounds& bounds) {
  near_.rows = 0;
  if (degrees_of_freedom_ != 1 || spacing_ < kFinestForPairs) return false;
  const double spacing = kPairSpacing * spacing_;
  std::size_t cells[2], nodes[2], lengths[2];
  double fine_nodes = 1, coarse_nodes = 4;
  for (std::size_t d = 0; d < 2; ++d) {
    const double span = static_cast<double>(bounds.high[d]) - static_cast<double>(bounds.low[d]);
    if (span / spacing > static_cast<double>(kLongestSide / 4)) return false;
    cells[d] = static_cast<std::size_t>(span / spacing) + 2;
    nodes[d] = cells[d] + kSplineOrder;
    lengths[d] = next_fourier_length(2 * nodes[d]);
    fine_nodes *= span / spacing_ + kNearReach * kPartingNodes;
    coarse_nodes *= span / (kCoarser * spacing_) + kSplineOrder;
  }
  const double far_nodes = static_cast<double>(lengths[0]) * static_cast<double>(lengths[1]);
  const double most_pairs = (fine_nodes + coarse_nodes - far_nodes) * kPairsPerNode;
  const std::size_t columns = (cells[0] + kPairCells - 1) / kPairCells, rows = (cells[1] + kPairCells - 1) / kPairCells;
  // Equally dense points have the fewest pairs. More cells than points would take longer to fill than to use.
  const double number = static_cast<double>(n);
  if (9 * number * number / static_cast<double>(rows * columns) > most_pairs || rows * columns > n) return false;
  if (has_many_equal(positions, n)) return false;

  coordinates_ = {.origin = {bounds.low[0], bounds.low[1]}, .nodes_per_unit = static_cast<float>(1 / spacing)};
  sort_by(n, rows * columns, [&](std::size_t i) {
    std::uint32_t cell[2];
    for (std::size_t d = 0; d < 2; ++d) {
      cell[d] =
          static_cast<std::uint32_t>((positions[2 * i + d] - bounds.low[d]) * coordinates_.nodes_per_unit) / kPairCells;
    }
    return cell[1] * static_cast<std::uint32_t>(columns) + cell[0];
  });
  const PairCount count = count_pairs(starts_, rows, columns);
  if (count.pairs > most_pairs) return false;

  near_ = {.x = nullptr,
           .y = nullptr,
           .points = sorted_.data(),
           .starts = starts_.data(),
           .rows = rows,
           .columns = columns,
           .longest_list = count.longest_list + mesh_kernels().lanes,
           .decay = static_cast<float>(1 / (kPairParting * kPairParting * spacing * spacing))};
  sorted_x_.resize(n);
  sorted_y_.resize(n);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      sorted_x_[i] = positions[2 * std::size_t{sorted_[i]}];
      sorted_y_[i] = positions[2 * std::size_t{sorted_[i]} + 1];
    }
  });
  near_.x = sorted_x_.data();
  near_.y = sorted_y_.data();
  lay_out(fine_, nodes, lengths, spacing, Part::beyond_pairs);
  spread_bands(positions, (rows + kPairBand - 1) / kPairBand, kPairBand * columns);
  Sheet* const sheets[] = {&fine_};
  convolve(sheets);
  return true;
}

double ParticleMesh::add_near_pairs(float* forces) {
  near_lists_.resize(team_.size());
  for (auto& list : near_lists_) list.resize(std::max(list.size(), 2 * near_.longest_list));
  near_totals_.resize(near_.rows);
  team_.for_each(near_.rows, [&](std::size_t row, unsigned worker) {
    near_totals_[row] = mesh_kernels().add_near_pairs(near_, row, near_lists_[worker].data(), forces);
  });
  return std::accumulate(near_totals_.begin(), near_totals_.end(), 0.0);
}

bool ParticleMesh::charge(const float* positions, std::size_t n, const float low[2], const float high[2]) {
  const double span[2] = {static_cast<double>(high[0]) - static_cast<double>(low[0]),
                          static_cast<double>(high[1]) - static_cast<double>(low[1])};
  const double most = has_many_equal(positions, n) ? kCloserForEqual * spacing_ : spacing_;
  const double spacing = std::clamp(std::max(span[0], span[1]) / kLeastCells, std::min(kLeastSpacing, most), most);
  std::size_t cells[2];
  for (int d = 0; d < 2; ++d) {
    if (span[d] / spacing > static_cast<double>(kLongestSide)) return false;
    cells[d] = static_cast<std::size_t>(span[d] / spacing) + 2;
  }
  const bool is_parted = degrees_of_freedom_ == 1 && std::max(cells[0], cells[1]) >= kPartedCells;
  const auto reach = static_cast<std::size_t>(is_parted ? kNearReach * kPartingNodes
                                                        : std::ceil(least_reach(degrees_of_freedom_) / spacing));
  std::size_t nodes[2], lengths[2], coarse_nodes[2], coarse_lengths[2];
  for (int d = 0; d < 2; ++d) {
    nodes[d] = cells[d] + kSplineOrder;
    // The lengths prevent wrap-around, and make the kernel flat where its period ends, because a kink there would cause
    // ringing.
    lengths[d] = next_fourier_length(is_parted ? std::max(nodes[d] + reach, 2 * reach) : 2 * std::max(nodes[d], reach));
    if (lengths[d] > kLongestSide) return false;
    coarse_nodes[d] = count_coarse(nodes[d]);
    coarse_lengths[d] = next_fourier_length(2 * std::max<std::size_t>(coarse_nodes[d], 16));
  }
  if (lengths[0] * lengths[1] > kMostNodes + kMostNodesPerPoint * n) return false;
  lay_out(fine_, nodes, lengths, spacing, is_parted ? Part::near : Part::whole);
  if (is_parted) lay_out(coarse_, coarse_nodes, coarse_lengths, kCoarser * spacing, Part::far);
  coordinates_ = {.origin = {low[0], low[1]}, .nodes_per_unit = static_cast<float>(1 / spacing)};

  const std::size_t bands = (cells[1] + kBandRows - 1) / kBandRows;
  sort_by(n, bands, [&](std::size_t i) {
    return static_cast<std::uint32_t>((positions[2 * i + 1] - low[1]) * coordinates_.nodes_per_unit) / kBandRows;
  });
  spread_bands(positions, bands, 1);
  Sheet* const sheets[] = {&fine_, &coarse_};
  if (is_parted) restrict_charges();
  convolve(std::span(sheets).first(is_parted ? 2 : 1));
  if (is_parted) prolong_potential();
  return true;
}

double ParticleMesh::compute_at(const float* position, float* force) const {
  constexpr std::uint32_t kOnly = 0;
  return mesh_kernels().interpolate(fine_.view, coordinates_, position, &kOnly, 1, force);
}

double ParticleMesh::compute(const float* positions, std::size_t n, float* forces) {
  const Bounds bounds = find_bounds(positions, n);
  if (!charge_for_pairs(positions, n, bounds) && !charge(positions, n, bounds.low, bounds.high)) {
    return fallback_.compute(positions, n, forces);
  }
  // The forces between points cancel in the sum over all points, so a nonzero sum is error. If the points lie close
  // together, all of them share this error.
  const std::size_t chunks = (n + kGrain - 1) / kGrain;
  potentials_.resize(chunks);
  force_sums_.resize(chunks);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    potentials_[chunk] =
        mesh_kernels().interpolate(fine_.view, coordinates_, positions, &sorted_[first], last - first, forces);
    std::array<double, 2> sum{};
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t d = 0; d < 2; ++d) sum[d] += static_cast<double>(forces[2 * std::size_t{sorted_[i]} + d]);
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
  return near_.rows > 0 ? z + add_near_pairs(forces) : z;
}

}  // namespace sigma
