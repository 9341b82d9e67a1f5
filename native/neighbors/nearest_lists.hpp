#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "distance.hpp"

namespace sigma {

// For each of some points the k least of the candidates offered to it, by squared distance and then index: what is kept
// does not depend on the order in which they come. Lists can be used by several threads, each list by one at a time.
class NearestLists {
 public:
  NearestLists(std::size_t count, std::size_t k);

  // Empties list i; nothing above the bound will enter it.
  void start(std::size_t i, float bound);
  // What is above the bound does not enter a list. Whole blocks of 64, those beyond the count take nothing.
  const float* bounds() const { return bounds_.data(); }

  void offer(std::size_t i, float squared, std::uint32_t index) {
    if (squared > bounds_[i]) return;
    const std::size_t at = i * capacity_ + held_[i]++;
    squared_[at] = squared;
    indices_[at] = index;
    if (held_[i] == capacity_) drop_all_but_least(i);
  }

  // Memory for sorting one list: each thread that takes lists has its own.
  using Scratch = std::vector<std::uint64_t>;

  // Writes what list i holds, least first, at most k; returns how many.
  std::size_t take(std::size_t i, std::uint32_t* indices, float* squared, Scratch& keys);

 private:
  void drop_all_but_least(std::size_t i);

  std::size_t k_, capacity_;
  AlignedVector<float> bounds_;
  AlignedVector<std::uint32_t> held_, indices_;  // count, count x capacity
  AlignedVector<float> squared_;                 // count x capacity
};

// A block of up to 64 points that is compared with another block, and the lists of its points.
struct BlockOfLists {
  DistanceBlock values;
  std::size_t size;
  std::size_t first;             // the list of the first point; those of the others follow
  const std::uint32_t* indices;  // under which the points enter the lists of others
};

// Compares the points of two blocks and offers the pairs to their lists.
class TileJoin {
 public:
  TileJoin() : pairs_(kBlock * kBlock), squared_(kBlock * kBlock) {}
  // To the lists of both, or of one block compared with itself.
  void offer(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b, NearestLists& lists);
  // To the lists of a alone. A point that both blocks contain, under the same index, is not offered to itself.
  void offer_to_first(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b, NearestLists& lists);

 private:
  static constexpr std::size_t kBlock = PackedMatrix::kBlock;

  // The pairs found, as 64 * i + j.
  std::vector<std::uint16_t> pairs_;
  AlignedVector<float> squared_;
};

}  // namespace sigma
