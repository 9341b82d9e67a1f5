#include "nn_descent.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "nearest_lists.hpp"
#include "neighbor_graph.hpp"
#include "projection_tree.hpp"
#include "recall_sample.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
constexpr std::size_t kGrain = 256;
constexpr std::size_t kLeafSize = 512;
constexpr std::size_t kTrees = 12;
constexpr int kMostIterations = 20;
// The search ends when the number of fresh neighbors per point falls below this fraction of k.
constexpr double kFewFresh = 0.001;
constexpr std::size_t kSampleSize = 512;
constexpr double kEnoughRecall = 0.97;
// For each point, an iteration looks at up to this many fresh neighbors and this many others, and at as many points
// that have the point as their neighbor.
constexpr std::size_t kSide = kBlock / 2;

std::uint32_t priority(std::uint64_t salt, std::uint32_t from, std::uint32_t to) {
  return static_cast<std::uint32_t>(mix_bits(salt + (std::uint64_t{from} << 32 | to)));
}

// Compares all points of a leaf with each other. Each thread has its own.
class LeafJoin {
 public:
  LeafJoin(const PointRows& points, std::size_t leaf_size, std::size_t k)
      : points_(points), blocks_(points, leaf_size), lists_(leaf_size, k), rows_(k), squared_(k) {}

  void join(std::span<const std::uint32_t> leaf, NeighborGraph& graph) {
    const std::size_t blocks = (leaf.size() + kBlock - 1) / kBlock;
    const auto block = [&](std::size_t b) {
      return BlockOfLists{.values = blocks_.block(b),
                          .size = std::min(kBlock, leaf.size() - b * kBlock),
                          .first = b * kBlock,
                          .indices = &leaf[b * kBlock]};
    };
    for (std::size_t i = 0; i < leaf.size(); ++i) lists_.start(i, graph.bound(leaf[i]));
    for (std::size_t b = 0; b < blocks; ++b) blocks_.gather(b, points_, leaf.subspan(b * kBlock, block(b).size));
    for (std::size_t a = 0; a < blocks; ++a) {
      for (std::size_t b = a; b < blocks; ++b) tile_.offer(points_.distance(), block(a), block(b), lists_);
    }
    for (std::size_t i = 0; i < leaf.size(); ++i) {
      const std::size_t found = lists_.take(i, rows_.data(), squared_.data(), keys_);
      graph.merge(leaf[i], rows_.data(), squared_.data(), found, held_);
    }
  }

 private:
  const PointRows& points_;
  PointBlocks blocks_;
  NearestLists lists_;
  TileJoin tile_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> squared_;
  NearestLists::Scratch keys_;
  NeighborGraph::Scratch held_;
};

// For every point at most kSide of the rows that come to it, those of the least priorities: a random sample, and the
// same one in whatever order they come.
class Sample {
 public:
  explicit Sample(std::size_t n) : held_(n), entries_(n * kSide), locks_(n) {}

  void clear(std::size_t i) { held_[i] = 0; }
  // From any thread.
  void offer(std::size_t i, std::uint32_t row, std::uint32_t priority) {
    const std::uint64_t entry = std::uint64_t{priority} << 32 | row;
    std::uint64_t* entries = &entries_[i * kSide];
    locks_.with(i, [&] {
      if (held_[i] < kSide) {
        entries[held_[i]++] = entry;
        if (held_[i] == kSide) std::make_heap(entries, entries + kSide);
      } else if (entry < entries[0]) {
        std::pop_heap(entries, entries + kSide);
        entries[kSide - 1] = entry;
        std::push_heap(entries, entries + kSide);
      }
    });
  }
  void append_to(std::vector<std::uint32_t>& rows, std::size_t i) const {
    for (std::size_t e = 0; e < held_[i]; ++e) rows.push_back(static_cast<std::uint32_t>(entries_[i * kSide + e]));
  }

 private:
  std::vector<std::uint8_t> held_;
  AlignedVector<std::uint64_t> entries_;
  PointLocks locks_;
};

// The rows of each list as a set of bits, by which most of the pairs that need not be offered again are skipped
// quickly. Two rows may share a bit, so some new pairs are skipped too; which ones changes with each iteration.
class KnownRows {
 public:
  KnownRows(std::size_t n, std::size_t k) : bits_(std::bit_ceil(8 * k)), words_((bits_ + 63) / 64), sets_(n * words_) {}

  void start(std::uint64_t salt) { factor_ = salt | 1; }
  // The bit that stands for a row in every set.
  std::uint32_t bit(std::uint32_t row) const {
    return static_cast<std::uint32_t>(row * factor_ >> 32) & static_cast<std::uint32_t>(bits_ - 1);
  }
  void assign(std::size_t i, const std::uint32_t* rows, std::size_t count) {
    std::uint64_t* set = &sets_[i * words_];
    std::fill_n(set, words_, 0);
    for (std::size_t e = 0; e < count; ++e) {
      const std::uint32_t b = bit(rows[e] & ~NeighborGraph::kFresh);
      set[b / 64] |= std::uint64_t{1} << b % 64;
    }
  }
  bool holds(std::size_t i, std::uint32_t bit) const { return sets_[i * words_ + bit / 64] >> bit % 64 & 1; }

 private:
  std::size_t bits_, words_;
  std::uint64_t factor_ = 1;
  AlignedVector<std::uint64_t> sets_;
};

// Points that are compared in a local join.
struct JoinedPoints {
  explicit JoinedPoints(const PointRows& points) : block(points, kBlock) {}

  std::vector<std::uint32_t> rows;
  PointBlocks block;
  float bounds[kBlock];
  std::uint32_t bits[kBlock];  // in the sets of known rows

  void sort() {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  }
  void gather(const PointRows& points, const NeighborGraph& graph, const KnownRows& known) {
    std::fill_n(bounds, kBlock, -std::numeric_limits<float>::infinity());
    for (std::size_t e = 0; e < rows.size(); ++e) {
      bounds[e] = graph.bound(rows[e]);
      bits[e] = known.bit(rows[e]);
    }
    block.gather(0, points, rows);
  }
};

// The iterations: neighbors of a point, and points of which it is a neighbor, are likely neighbors of each other.
class LocalJoins {
 public:
  LocalJoins(const PointRows& points, NeighborGraph& graph, ThreadTeam& team, const Cancellation& cancellation)
      : points_(points),
        graph_(graph),
        team_(team),
        cancellation_(cancellation),
        known_(points.count(), graph.k()),
        fresh_(points.count()),
        others_(points.count()),
        scratch_(team.size()) {}

  // One iteration; returns how many fresh neighbors there were at its beginning.
  std::size_t iterate(std::uint64_t salt) {
    known_.start(salt);
    for_points([&](std::size_t i, Scratch&) {
      fresh_.incoming.clear(i);
      others_.incoming.clear(i);
    });
    std::vector<std::size_t> counts((points_.count() + kGrain - 1) / kGrain, 0);
    for_points([&](std::size_t i, Scratch& scratch) {
      known_.assign(i, graph_.rows(i), graph_.k());
      counts[i / kGrain] += choose(i, salt, NeighborGraph::kFresh, fresh_, scratch);
      choose(i, salt, 0, others_, scratch);
      take_flags(i);
    });
    for_points([&](std::size_t i, Scratch& scratch) { join(i, scratch); });
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  }

 private:
  struct Scratch {
    explicit Scratch(const PointRows& points)
        : fresh(points), others(points), tile(kBlock * kBlock), pairs(kBlock * kBlock) {}
    JoinedPoints fresh, others;
    AlignedVector<float> tile;
    std::vector<std::uint16_t> pairs;  // found in the tile, as 64 * i + j
    std::vector<std::uint64_t> keys;
  };

  // Some of each point's neighbors, and some of the points of which it is a neighbor.
  struct Candidates {
    explicit Candidates(std::size_t n) : chosen(n * kSide), count(n), incoming(n) {}
    std::vector<std::uint32_t> chosen;
    std::vector<std::uint8_t> count;
    Sample incoming;

    void copy_to(std::vector<std::uint32_t>& rows, std::size_t i) const {
      rows.assign(&chosen[i * kSide], &chosen[i * kSide] + count[i]);
      incoming.append_to(rows, i);
    }
  };

  template <class Body>
  void for_points(Body&& body) {
    const std::size_t n = points_.count();
    team_.for_each((n + kGrain - 1) / kGrain, [&](std::size_t chunk, unsigned worker) {
      cancellation_.check();
      if (!scratch_[worker]) scratch_[worker].emplace(points_);
      for (std::size_t i = chunk * kGrain; i < std::min((chunk + 1) * kGrain, n); ++i) body(i, *scratch_[worker]);
    });
  }

  // Chooses at random among the neighbors of point i with this flag; returns how many there are.
  std::size_t choose(std::size_t i, std::uint64_t salt, std::uint32_t flag, Candidates& candidates, Scratch& scratch) {
    const auto self = static_cast<std::uint32_t>(i);
    const std::uint32_t* rows = graph_.rows(i);
    auto& keys = scratch.keys;
    keys.clear();
    for (std::size_t e = 0; e < graph_.k(); ++e) {
      if ((rows[e] & NeighborGraph::kFresh) != flag) continue;
      const std::uint32_t row = rows[e] & ~NeighborGraph::kFresh;
      keys.push_back(std::uint64_t{priority(salt, self, row)} << 32 | row);
    }
    const std::size_t all = keys.size();
    if (all > kSide) {
      std::nth_element(keys.begin(), keys.begin() + kSide, keys.end());
      keys.resize(kSide);
    }
    candidates.count[i] = static_cast<std::uint8_t>(keys.size());
    for (std::size_t e = 0; e < keys.size(); ++e) {
      const auto row = static_cast<std::uint32_t>(keys[e]);
      candidates.chosen[i * kSide + e] = row;
      candidates.incoming.offer(row, self, priority(salt, row, self));
    }
    return all;
  }

  // Chosen neighbors are no longer fresh.
  void take_flags(std::size_t i) {
    std::uint32_t* rows = graph_.rows(i);
    const std::uint32_t* chosen = &fresh_.chosen[i * kSide];
    for (std::size_t e = 0; e < graph_.k(); ++e) {
      if (rows[e] < NeighborGraph::kFresh) continue;
      const std::uint32_t row = rows[e] & ~NeighborGraph::kFresh;
      if (std::find(chosen, chosen + fresh_.count[i], row) != chosen + fresh_.count[i]) rows[e] = row;
    }
  }

  // Compares the fresh ones around point i with each other and with the others.
  void join(std::size_t i, Scratch& scratch) {
    JoinedPoints &fresh = scratch.fresh, &others = scratch.others;
    fresh_.copy_to(fresh.rows, i);
    if (fresh.rows.empty()) return;
    others_.copy_to(others.rows, i);
    fresh.sort();
    others.sort();
    std::erase_if(others.rows,
                  [&](std::uint32_t row) { return std::binary_search(fresh.rows.begin(), fresh.rows.end(), row); });
    fresh.gather(points_, graph_, known_);
    compare(fresh, fresh, scratch);
    if (others.rows.empty()) return;
    others.gather(points_, graph_, known_);
    compare(fresh, others, scratch);
  }

  void compare(const JoinedPoints& a, const JoinedPoints& b, Scratch& scratch) {
    float* tile = scratch.tile.data();
    const std::size_t height = a.rows.size(), width = b.rows.size();
    points_.distance().tile(a.block.block(0), b.block.block(0), height, width, tile);
    for (std::size_t i = 0; i < height; ++i) {
      std::fill(tile + i * kBlock + width, tile + (i + 1) * kBlock, std::numeric_limits<float>::infinity());
      if (&a == &b) std::fill_n(tile + i * kBlock, i + 1, std::numeric_limits<float>::infinity());
    }
    const std::size_t found = distance_kernels().find_below(tile, height, a.bounds, b.bounds, scratch.pairs.data());
    for (std::size_t e = 0; e < found; ++e) {
      const std::size_t i = scratch.pairs[e] / kBlock, j = scratch.pairs[e] % kBlock;
      const float squared = tile[scratch.pairs[e]];
      if (squared <= a.bounds[i] && !known_.holds(a.rows[i], b.bits[j])) graph_.offer(a.rows[i], squared, b.rows[j]);
      if (squared <= b.bounds[j] && !known_.holds(b.rows[j], a.bits[i])) graph_.offer(b.rows[j], squared, a.rows[i]);
    }
  }

  const PointRows& points_;
  NeighborGraph& graph_;
  ThreadTeam& team_;
  const Cancellation& cancellation_;
  KnownRows known_;
  Candidates fresh_, others_;
  std::vector<std::optional<Scratch>> scratch_;
};

}  // namespace

std::size_t nn_descent_leaf_size(std::size_t k) {
  return std::max(kLeafSize, (4 * k + kBlock - 1) / kBlock * kBlock);
}

Neighbors search_by_nn_descent(const Distance& distance, std::size_t k, std::uint64_t seed, ThreadTeam& team,
                               const Cancellation& cancellation, const std::function<void(double)>& progress) {
  const std::size_t n = distance.count(), leaf_size = nn_descent_leaf_size(k);
  Random random(mix_bits(seed));
  // Points near each other lie near each other in memory.
  const std::vector<std::uint32_t> order =
      grow_tree(PointRows(distance, {}, team), leaf_size, Random(random.bits()), cancellation).order;
  const PointRows points(distance, order, team);
  const RecallSample sample(points, k, kSampleSize, Random(random.bits()), team, cancellation);
  NeighborGraph graph(n, k);
  double recall = 0;
  {
    std::vector<std::uint64_t> seeds(kTrees);
    for (std::uint64_t& tree_seed : seeds) tree_seed = random.bits();
    std::vector<ProjectionTree> trees(kTrees);
    team.for_each(kTrees, [&](std::size_t t, unsigned) {
      trees[t] = grow_tree(points, leaf_size, Random(seeds[t]), cancellation);
    });
    std::vector<std::optional<LeafJoin>> joins(team.size());
    for (std::size_t t = 0; t < kTrees && recall < kEnoughRecall; ++t) {
      progress(0.5 * static_cast<double>(t + 1) / static_cast<double>(kTrees + 1));
      team.for_each(trees[t].leaves(), [&](std::size_t leaf, unsigned worker) {
        cancellation.check();
        if (!joins[worker]) joins[worker].emplace(points, leaf_size, k);
        joins[worker]->join(trees[t].leaf(leaf), graph);
      });
      recall = sample.measure(graph.squared(0));
    }
  }
  if (recall < kEnoughRecall) {
    LocalJoins joins(points, graph, team, cancellation);
    for (int iteration = 0; iteration < kMostIterations && recall < kEnoughRecall; ++iteration) {
      // The number of iterations is unknown; few searches need more than three.
      progress(1 - std::exp2(-(iteration + 2) / 2.0));
      const std::size_t fresh = joins.iterate(random.bits());
      recall = sample.measure(graph.squared(0));
      if (static_cast<double>(fresh) < kFewFresh * static_cast<double>(n * k)) break;
    }
  }
  Neighbors result{.count = n,
                   .k = k,
                   .indices = std::vector<std::uint32_t>(n * k),
                   .squared = std::vector<float>(n * k),
                   .recall = recall,
                   .method = NeighborMethod::nn_descent};
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t r = first; r < last; ++r) {
      std::copy_n(graph.squared(r), k, &result.squared[order[r] * k]);
      for (std::size_t e = 0; e < k; ++e) {
        result.indices[order[r] * k + e] = order[graph.rows(r)[e] & ~NeighborGraph::kFresh];
      }
    }
  });
  progress(1);
  return result;
}

}  // namespace sigma
