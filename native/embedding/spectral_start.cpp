#include "spectral_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../linalg/lanczos.hpp"

namespace sigma {
namespace {

constexpr double kWidth = 1e-4;
constexpr std::size_t kGrain = 512;
// A start needs no more digits. Higher precision would take long for graphs of many points, whose eigenvalues lie close
// to 1.
constexpr double kTolerance = 1e-5;
constexpr std::size_t kMostProducts = 600;

// The connected part to which each point belongs, numbered from 0.
struct Parts {
  std::vector<std::uint32_t> of;
  std::vector<std::size_t> sizes;
};

Parts find_parts(const Affinities& affinities) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  const std::size_t n = affinities.count();
  Parts parts{std::vector<std::uint32_t>(n, kNone), {}};
  std::vector<std::uint32_t> open;
  for (std::size_t i = 0; i < n; ++i) {
    if (parts.of[i] != kNone) continue;
    const auto part = static_cast<std::uint32_t>(parts.sizes.size());
    parts.sizes.push_back(0);
    parts.of[i] = part;
    open.push_back(static_cast<std::uint32_t>(i));
    while (!open.empty()) {
      const std::uint32_t point = open.back();
      open.pop_back();
      ++parts.sizes[part];
      for (std::uint64_t e = affinities.offsets[point]; e < affinities.offsets[point + 1]; ++e) {
        const std::uint32_t other = affinities.columns[e];
        if (!(affinities.values[e] > 0) || parts.of[other] != kNone) continue;
        parts.of[other] = part;
        open.push_back(other);
      }
    }
  }
  return parts;
}

// 1 / sqrt of the sum of each row of P; 0 for a row without affinities.
std::vector<double> inverse_roots(const Affinities& affinities, ThreadTeam& team) {
  std::vector<double> roots(affinities.count(), 0.0);
  team.for_ranges(roots.size(), kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      double sum = 0;
      for (std::uint64_t e = affinities.offsets[i]; e < affinities.offsets[i + 1]; ++e) {
        sum += static_cast<double>(affinities.values[e]);
      }
      if (sum > 0) roots[i] = 1 / std::sqrt(sum);
    }
  });
  return roots;
}

// Centers column c of the positions of a part, and divides it by its standard deviation over kWidth.
void scale_column(std::vector<double>& positions, std::size_t dimensions, std::size_t c, const Parts& parts,
                  std::uint32_t part) {
  const auto size = static_cast<double>(parts.sizes[part]);
  double mean = 0, squares = 0;
  const auto each = [&](auto&& visit) {
    for (std::size_t i = 0; i < parts.of.size(); ++i) {
      if (parts.of[i] == part) visit(positions[i * dimensions + c]);
    }
  };
  each([&](double& y) { mean += y / size; });
  each([&](double& y) { squares += (y - mean) * (y - mean) / size; });
  const double scale = squares > 0 ? kWidth / std::sqrt(squares) : 0;
  each([&](double& y) { y = (y - mean) * scale; });
}

}  // namespace

std::vector<double> spectral_positions(const Affinities& affinities, int dimensions, Random& random, ThreadTeam& team,
                                       const Cancellation& cancellation) {
  const std::size_t n = affinities.count(), width = static_cast<std::size_t>(dimensions);
  const Parts parts = find_parts(affinities);
  const auto largest =
      static_cast<std::uint32_t>(std::max_element(parts.sizes.begin(), parts.sizes.end()) - parts.sizes.begin());
  const std::vector<double> roots = inverse_roots(affinities, team);
  // The trivial eigenvector D^1/2 1, with eigenvalue 1, scaled to unit length within the largest part.
  std::vector<double> trivial(n, 0.0), start(n, 0.0);
  double squares = 0, along = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (parts.of[i] != largest || roots[i] == 0) continue;
    trivial[i] = 1 / roots[i];
    squares += trivial[i] * trivial[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (trivial[i] == 0) continue;
    trivial[i] /= std::sqrt(squares);
    start[i] = random.normal();
    along += start[i] * trivial[i];
  }
  for (std::size_t i = 0; i < n; ++i) start[i] -= along * trivial[i];
  // (A + 1) / 2 is positive semidefinite and has the same eigenvectors as A. It has no negative eigenvalues, which
  // Lanczos' method would find as fast as the leading ones. Rounding errors bring back the trivial vector, so it is
  // removed each time.
  std::vector<double> scaled(n);
  const SymmetricProduct multiply = [&](const double* x, double* out) {
    double overlap = 0;
    for (std::size_t i = 0; i < n; ++i) {
      scaled[i] = x[i] * roots[i];
      overlap += x[i] * trivial[i];
    }
    team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t i = first; i < last; ++i) {
        double sum = 0;
        for (std::uint64_t e = affinities.offsets[i]; e < affinities.offsets[i + 1]; ++e) {
          sum += static_cast<double>(affinities.values[e]) * scaled[affinities.columns[e]];
        }
        out[i] = (sum * roots[i] + x[i]) / 2 - overlap * trivial[i];
      }
    });
  };
  std::vector<double> positions(n * width, 0.0);
  if (parts.sizes[largest] > 2) {
    const LeadingEigenvectors found =
        find_leading_eigenvectors(n, width, multiply, start, kTolerance, kMostProducts, team, cancellation);
    for (std::size_t c = 0; c < found.values.size(); ++c) {
      for (std::size_t i = 0; i < n; ++i) positions[i * width + c] = found.vectors[c * n + i] * roots[i];
      scale_column(positions, width, c, parts, largest);
    }
  }
  std::vector<double> centers(parts.sizes.size() * width);
  for (double& x : centers) x = kWidth * random.normal();
  for (std::size_t i = 0; i < n; ++i) {
    if (parts.of[i] == largest) continue;
    for (std::size_t c = 0; c < width; ++c) positions[i * width + c] = centers[parts.of[i] * width + c];
  }
  return positions;
}

}  // namespace sigma
