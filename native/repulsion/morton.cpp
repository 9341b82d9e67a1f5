#include "morton.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "repulsion.hpp"

namespace sigma {
namespace {

constexpr std::size_t kGrain = 4096;
constexpr int kDigitBits = 11;

template <int D>
constexpr int kMaxBits = D == 3 ? 21 : 32;

// Moves the bits of x apart so that there are D - 1 zeros between neighboring bits.
template <int D>
std::uint64_t spread_bits(std::uint64_t x) {
  if constexpr (D == 2) {
    x = (x | x << 16) & 0x0000ffff0000ffffULL;
    x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fULL;
    x = (x | x << 2) & 0x3333333333333333ULL;
    x = (x | x << 1) & 0x5555555555555555ULL;
  } else if constexpr (D == 3) {
    x = (x | x << 32) & 0x001f00000000ffffULL;
    x = (x | x << 16) & 0x001f0000ff0000ffULL;
    x = (x | x << 8) & 0x100f00f00f00f00fULL;
    x = (x | x << 4) & 0x10c30c30c30c30c3ULL;
    x = (x | x << 2) & 0x1249249249249249ULL;
  }
  return x;
}

}  // namespace

template <int D>
typename MortonCurve<D>::Bounds MortonCurve<D>::find_bounds(const float* positions, std::size_t n, ThreadTeam& team) {
  constexpr std::size_t stride = stride_of(D);
  bounds_.resize((n + kGrain - 1) / kGrain);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    Bounds part;
    std::fill_n(part.low, D, std::numeric_limits<float>::max());
    std::fill_n(part.high, D, std::numeric_limits<float>::lowest());
    for (std::size_t i = first; i < last; ++i) {
      for (int d = 0; d < D; ++d) {
        part.low[d] = std::min(part.low[d], positions[i * stride + static_cast<std::size_t>(d)]);
        part.high[d] = std::max(part.high[d], positions[i * stride + static_cast<std::size_t>(d)]);
      }
    }
    bounds_[chunk] = part;
  });
  Bounds all = bounds_[0];
  for (const Bounds& part : bounds_) {
    for (int d = 0; d < D; ++d) {
      all.low[d] = std::min(all.low[d], part.low[d]);
      all.high[d] = std::max(all.high[d], part.high[d]);
    }
  }
  return all;
}

template <int D>
void MortonCurve<D>::sort(const float* positions, std::size_t n, ThreadTeam& team) {
  constexpr std::size_t stride = stride_of(D);
  const Bounds bounds = find_bounds(positions, n, team);
  double side = 0;
  for (int d = 0; d < D; ++d) {
    side = std::max(side, static_cast<double>(bounds.high[d]) - static_cast<double>(bounds.low[d]));
  }
  const double wanted = std::ceil(std::log2(std::max(side / kFinestCell, 2.0)));
  bits_ = static_cast<int>(std::min<double>(wanted, kMaxBits<D>));
  const std::uint64_t cells = std::uint64_t{1} << bits_;
  const double cells_per_unit = side > 0 ? static_cast<double>(cells) / side : 0.0;

  keys_.resize(n);
  sorted_.resize(n);
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      std::uint64_t code = 0;
      for (int d = 0; d < D; ++d) {
        const double offset = static_cast<double>(positions[i * stride + static_cast<std::size_t>(d)]) -
                              static_cast<double>(bounds.low[d]);
        code |= spread_bits<D>(std::min(static_cast<std::uint64_t>(offset * cells_per_unit), cells - 1)) << d;
      }
      keys_[i] = {code, static_cast<std::uint32_t>(i)};
    }
  });
  // Radix sort, starting with the least significant digit. It is stable.
  for (int shift = 0; shift < D * bits_; shift += kDigitBits) {
    std::array<std::uint32_t, std::size_t{1} << kDigitBits> starts{};
    const std::uint64_t mask = starts.size() - 1;
    for (const MortonKey& key : keys_) ++starts[key.code >> shift & mask];
    std::uint32_t total = 0;
    for (std::uint32_t& start : starts) {
      const std::uint32_t count = start;
      start = total;
      total += count;
    }
    for (const MortonKey& key : keys_) sorted_[starts[key.code >> shift & mask]++] = key;
    keys_.swap(sorted_);
  }
}

std::vector<std::uint32_t> morton_order(int output_dimensions, const float* positions, std::size_t n,
                                        ThreadTeam& team) {
  const auto along = [&]<int D>(MortonCurve<D> curve) {
    curve.sort(positions, n, team);
    std::vector<std::uint32_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = curve.keys()[i].point;
    return order;
  };
  switch (output_dimensions) {
    case 1:
      return along(MortonCurve<1>{});
    case 2:
      return along(MortonCurve<2>{});
    default:
      return along(MortonCurve<3>{});
  }
}

template class MortonCurve<1>;
template class MortonCurve<2>;
template class MortonCurve<3>;

}  // namespace sigma
