#pragma once

#include <cstdint>
#include <vector>

#include "../support/aligned.hpp"
#include "distance.hpp"

namespace sigma {

// For each point, keeps the k least of the candidates offered to it, ordered by squared distance and then by index. The
// result does not depend on the order in which candidates are offered. Several threads can use the lists, but each list
// only one thread at a time.
class NearestLists {
 public:
  NearestLists(std::size_t count, std::size_t k);

  // Empties list i. Candidates with a squared distance above the bound will not enter it.
  void start(std::size_t i, float bound);
  // A candidate above the bound does not enter a list. There are whole blocks of 64 bounds; the bounds beyond `count`
  // accept nothing.
  const float* bounds() const { return bounds_.data(); }

  void offer(std::size_t i, float squared, std::uint32_t index) {
    if (squared > bounds_[i]) return;
    const std::size_t at = i * capacity_ + held_[i]++;
    squared_[at] = squared;
    indices_[at] = index;
    if (held_[i] == capacity_) drop_all_but_least(i);
  }

  // Memory for sorting one list. Each thread needs its own.
  using Scratch = std::vector<std::uint64_t>;

  // Writes the candidates in list i, at most k, least first. Returns their number.
  std::size_t take(std::size_t i, std::uint32_t* indices, float* squared, Scratch& keys);

 private:
  void drop_all_but_least(std::size_t i);

  std::size_t k_, capacity_;
  AlignedVector<float> bounds_;
  AlignedVector<std::uint32_t> held_, indices_;  // count, count x capacity
  AlignedVector<float> squared_;                 // count x capacity
};

// A block of up to 64 points to be compared with another block, and the lists of its points.
struct BlockOfLists {
  DistanceBlock values;
  std::size_t size;
  std::size_t first;             // the list of the first point; the lists of the other points follow it
  const std::uint32_t* indices;  // the indices under which the points enter other points' lists
};

// Compares the points of two blocks and offers the pairs to their lists.
class TileJoin {
 public:
  TileJoin() : pairs_(kBlock * kBlock), squared_(kBlock * kBlock) {}
  // Offers the pairs to the lists of both blocks. A block can be joined with itself.
  void offer(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b, NearestLists& lists);
  // Offers the pairs only to the lists of a. A point that is in both blocks, under the same index, is not offered to
  // itself.
  void offer_to_first(const Distance& distance, const BlockOfLists& a, const BlockOfLists& b, NearestLists& lists);

 private:
  static constexpr std::size_t kBlock = PackedMatrix::kBlock;

  // The pairs that were found, as 64 * i + j.
  std::vector<std::uint16_t> pairs_;
  AlignedVector<float> squared_;
};

}  // namespace sigma
