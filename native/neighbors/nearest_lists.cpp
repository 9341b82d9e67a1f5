#include "nearest_lists.hpp"

#include <algorithm>
#include <limits>

#include "../support/ordered_bits.hpp"

namespace sigma {
namespace {
constexpr std::size_t kBlock = PackedMatrix::kBlock;
// The length of a list is a multiple of this number, which is a multiple of every vector width.
constexpr std::size_t kStep = 16;
// From this many lists on, the lists are kept short, because they determine how much memory a search needs. Short lists
// have to be cut more often.
constexpr std::size_t kManyLists = 1 << 18;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

constexpr std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

std::uint64_t key_of(float squared, std::uint32_t index) {
  return std::uint64_t{ordered_bits(squared)} << 32 | index;
}

struct NoBounds {
  float values[kBlock];
  NoBounds() { std::fill_n(values, kBlock, kNothing); }
};

}  // namespace

NearestLists::NearestLists(std::size_t count, std::size_t k)
    : k_(k),
      capacity_(round_up(count > kManyLists ? k : 2 * k, kStep) + kStep),
      bounds_(round_up(count, kBlock), kNothing),
      held_(count, 0),
      indices_(count * capacity_),
      squared_(count * capacity_) {
  std::fill_n(bounds_.begin(), count, std::numeric_limits<float>::max());
}

void NearestLists::start(std::size_t i, float bound) {
  held_[i] = 0;
  bounds_[i] = bound;
}

void NearestLists::drop_all_but_least(std::size_t i) {
  float* squared = &squared_[i * capacity_];
  std::uint32_t* indices = &indices_[i * capacity_];
  const std::size_t held = held_[i], padded = round_up(held, kStep);
  std::fill(squared + held, squared + padded, std::numeric_limits<float>::max());
  const float bound = distance_kernels().find_bound(squared, padded, k_);
  std::size_t kept = 0;
  for (std::size_t c = 0; c < held; ++c) {
    const float value = squared[c];
    squared[kept] = value;
    indices[kept] = indices[c];
    kept += value <= bound;
  }
  if (kept > k_) {
    std::vector<std::uint64_t> keys(kept);
    for (std::size_t c = 0; c < kept; ++c) keys[c] = key_of(squared[c], indices[c]);
    std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(k_), keys.end());
    for (std::size_t c = 0; c < k_; ++c) {
      squared[c] = from_ordered_bits(static_cast<std::uint32_t>(keys[c] >> 32));
      indices[c] = static_cast<std::uint32_t>(keys[c]);
    }
  }
  held_[i] = static_cast<std::uint32_t>(k_);
  bounds_[i] = bound;
}

std::size_t NearestLists::take(std::size_t i, std::uint32_t* indices, float* squared, Scratch& keys) {
  if (held_[i] > k_) drop_all_but_least(i);
  const std::size_t held = held_[i];
  keys.resize(held);
  for (std::size_t c = 0; c < held; ++c) keys[c] = key_of(squared_[i * capacity_ + c], indices_[i * capacity_ + c]);
  std::sort(keys.begin(), keys.end());
  for (std::size_t c = 0; c < held; ++c) {
    squared[c] = from_ordered_bits(static_cast<std::uint32_t>(keys[c] >> 32));
    indices[c] = static_cast<std::uint32_t>(keys[c]);
  }
  return held;
}

void TileJoin::offer(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b, NearestLists& lists) {
  if (a.first == b.first) return offer_to_first(distance, a, b, lists);
  const std::size_t found = distance.find_near(a.values, b.values, a.size, b.size, lists.bounds() + a.first,
                                               lists.bounds() + b.first, pairs_.data(), squared_.data());
  for (std::size_t e = 0; e < found; ++e) {
    const std::size_t i = pairs_[e] / kBlock, j = pairs_[e] % kBlock;
    lists.offer(a.first + i, squared_[e], b.indices[j]);
    lists.offer(b.first + j, squared_[e], a.indices[i]);
  }
}

void TileJoin::offer_to_first(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b,
                              NearestLists& lists) {
  static const NoBounds none;
  const std::size_t found = distance.find_near(a.values, b.values, a.size, b.size, lists.bounds() + a.first,
                                               none.values, pairs_.data(), squared_.data());
  for (std::size_t e = 0; e < found; ++e) {
    const std::size_t i = pairs_[e] / kBlock, j = pairs_[e] % kBlock;
    if (a.indices[i] != b.indices[j]) lists.offer(a.first + i, squared_[e], b.indices[j]);
  }
}

}  // namespace sigma
