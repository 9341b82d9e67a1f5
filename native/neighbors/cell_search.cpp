#include "cell_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "nearest_lists.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
constexpr std::size_t kSampleSize = 512;
// Up to this many points of a cell are searched together. A cell that several of these points have to visit is then
// loaded only once for all of them. Their lists of neighbors (1.6 KiB each for k = 90) still fit into the second-level
// cache.
constexpr std::size_t kTogether = 256;
constexpr float kUnbounded = std::numeric_limits<float>::max();

// The cell size is half the square root of the number of points. Ranking all centroids then takes about as much work as
// comparing a point with the points of some 20 cells. A cell also holds more points than a point has neighbors (k).
std::size_t cell_size(std::size_t n, std::size_t k) {
  return std::max(static_cast<std::size_t>(std::sqrt(static_cast<double>(n)) / 2), k + k / 2);
}

// Finds the nearest centroids of the points of one block, by offering all centroids to the lists of these points. Each
// thread has its own ranking.
class CellRanking {
 public:
  explicit CellRanking(const PointCells& cells)
      : cells_(cells), none_(kBlock, std::numeric_limits<std::uint32_t>::max()), numbers_(cells.count()) {
    std::iota(numbers_.begin(), numbers_.end(), 0u);
  }

  void offer(const Distance& distance, DistanceBlock points, std::size_t size, std::size_t first, NearestLists& lists) {
    const BlockOfLists block{.values = points, .size = size, .first = first, .indices = none_.data()};
    for (std::size_t c = 0; c < numbers_.size(); c += kBlock) {
      join_.offer_to_first(distance, block,
                           {.values = cells_.centroids().block(c / kBlock),
                            .size = std::min(kBlock, numbers_.size() - c),
                            .first = 0,
                            .indices = &numbers_[c]},
                           lists);
    }
  }

 private:
  const PointCells& cells_;
  std::vector<std::uint32_t> none_, numbers_;
  TileJoin join_;
};

// A range of the points of one cell.
struct Part {
  std::uint32_t cell, first, last;
};

std::vector<Part> cut_into_parts(const PointCells& cells) {
  std::vector<Part> parts;
  for (std::size_t c = 0; c < cells.count(); ++c) {
    const std::size_t size = cells.members(c).size();
    for (std::size_t first = 0; first < size; first += kTogether) {
      parts.push_back({static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(first),
                       static_cast<std::uint32_t>(std::min(first + kTogether, size))});
    }
  }
  return parts;
}

// Prefetches a block into the second-level cache while another block is being compared.
void prefetch(DistanceBlock block, std::size_t columns) {
  const auto fetch = [](const float* values, std::size_t count) {
    for (std::size_t e = 0; e < count; e += 16) __builtin_prefetch(values + e, 0, 2);
  };
  fetch(block.means, columns * kBlock);
  if (block.variances != nullptr) fetch(block.variances, columns * kBlock);
}

// Finds the neighbors of the points of one part. Each thread has its own search and reuses it for many parts.
class PartSearch {
 public:
  PartSearch(const Distance& distance, const PointCells& cells, std::size_t k, std::size_t visits)
      : distance_(distance),
        cells_(cells),
        k_(k),
        ranking_(cells),
        lists_(kTogether, k),
        nearest_cells_(kTogether, visits),
        selected_(distance, kBlock),
        visitors_(cells.count()),
        from_center_(cells.count()),
        taken_(visits),
        squared_(visits),
        pairs_(kBlock * kBlock),
        squared_of_pairs_(kBlock * kBlock) {
    std::fill_n(no_bounds_, kBlock, -std::numeric_limits<float>::infinity());
  }

  void search(const Part& part, Neighbors& result) {
    choose_cells(part);
    for (std::size_t v = 0; v < visited_.size(); ++v) {
      const std::vector<std::uint32_t>& visitors = visitors_[visited_[v]];
      const std::uint32_t next = v + 1 < visited_.size() ? visited_[v + 1] : visited_[v];
      for (std::size_t first = 0; first < visitors.size(); first += kBlock) {
        compare(part, std::span(visitors).subspan(first, std::min(kBlock, visitors.size() - first)), visited_[v], next);
      }
    }
    for (const std::uint32_t cell : visited_) visitors_[cell].clear();
    const std::span<const std::uint32_t> members = cells_.members(part.cell);
    for (std::size_t i = 0; i < part.last - part.first; ++i) {
      const std::size_t point = members[part.first + i];
      lists_.take(i, &result.indices[point * k_], &result.squared[point * k_], scratch_);
    }
  }

 private:
  // For every cell, collects the points of the part that have to be compared with this cell. The cells are sorted by
  // their distance from the part's own cell: near cells come first, so that the bounds of the lists fall early.
  void choose_cells(const Part& part) {
    const std::size_t count = part.last - part.first;
    for (std::size_t i = 0; i < count; ++i) {
      lists_.start(i, kUnbounded);
      nearest_cells_.start(i, kUnbounded);
    }
    for (std::size_t i = 0; i < count; i += kBlock) {
      const std::size_t block = cells_.first_block(part.cell) + (part.first + i) / kBlock;
      ranking_.offer(distance_, cells_.points().block(block), std::min(kBlock, count - i), i, nearest_cells_);
    }
    visited_.clear();
    const auto visit = [&](std::uint32_t cell, std::size_t i) {
      if (visitors_[cell].empty()) visited_.push_back(cell);
      visitors_[cell].push_back(static_cast<std::uint32_t>(i));
    };
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t held = nearest_cells_.take(i, taken_.data(), squared_.data(), scratch_);
      std::size_t candidates = 0;
      for (std::size_t e = 0; e < held; ++e) candidates += cells_.members(taken_[e]).size();
      // The nearest cells rarely hold fewer than k other points. If they do, the point is compared with all points.
      const bool is_enough = candidates > k_;
      for (std::size_t e = 0; e < (is_enough ? held : cells_.count()); ++e) {
        visit(is_enough ? taken_[e] : static_cast<std::uint32_t>(e), i);
      }
    }
    sort_visited(part.cell);
  }

  void sort_visited(std::uint32_t own) {
    selected_.gather(0, cells_.centroids(), std::span(&own, 1));
    for (std::size_t c = 0; c < cells_.count(); c += kBlock) {
      const std::size_t width = std::min(kBlock, cells_.count() - c);
      distance_.tile(selected_.block(0), cells_.centroids().block(c / kBlock), 1, width, squared_of_pairs_.data());
      std::copy_n(squared_of_pairs_.data(), width, &from_center_[c]);
    }
    std::sort(visited_.begin(), visited_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return from_center_[a] != from_center_[b] ? from_center_[a] < from_center_[b] : a < b;
    });
  }

  // Compares up to 64 points of the part with all points of one cell.
  void compare(const Part& part, std::span<const std::uint32_t> visitors, std::uint32_t cell, std::uint32_t next) {
    std::uint32_t rows[kBlock];
    const std::size_t own = cells_.first_block(part.cell) * kBlock + part.first;
    for (std::size_t i = 0; i < visitors.size(); ++i) rows[i] = static_cast<std::uint32_t>(own + visitors[i]);
    selected_.gather(0, cells_.points(), std::span(rows).first(visitors.size()));
    const std::span<const std::uint32_t> members = cells_.members(cell), owners = cells_.members(part.cell);
    const std::size_t last_block = (members.size() - 1) / kBlock;
    for (std::size_t b = 0; b <= last_block; ++b) {
      const std::size_t width = std::min(kBlock, members.size() - b * kBlock);
      const std::size_t following = b < last_block ? cells_.first_block(cell) + b + 1 : cells_.first_block(next);
      prefetch(cells_.points().block(following), distance_.means().cols());
      float bounds[kBlock];
      for (std::size_t i = 0; i < visitors.size(); ++i) bounds[i] = lists_.bounds()[visitors[i]];
      const std::size_t found =
          distance_.find_near(selected_.block(0), cells_.points().block(cells_.first_block(cell) + b), visitors.size(),
                              width, bounds, no_bounds_, pairs_.data(), squared_of_pairs_.data());
      for (std::size_t e = 0; e < found; ++e) {
        const std::size_t i = visitors[pairs_[e] / kBlock];
        const std::uint32_t other = members[b * kBlock + pairs_[e] % kBlock];
        if (other != owners[part.first + i]) lists_.offer(i, squared_of_pairs_[e], other);
      }
    }
  }

  const Distance& distance_;
  const PointCells& cells_;
  std::size_t k_;
  CellRanking ranking_;
  NearestLists lists_, nearest_cells_;  // of the points of the part
  NearestLists::Scratch scratch_;
  PointBlocks selected_;
  // for each cell: the points to compare with it, as positions within the part
  std::vector<std::vector<std::uint32_t>> visitors_;
  std::vector<std::uint32_t> visited_;
  std::vector<float> from_center_;
  std::vector<std::uint32_t> taken_;
  std::vector<float> squared_;
  std::vector<std::uint16_t> pairs_;
  AlignedVector<float> squared_of_pairs_;
  float no_bounds_[kBlock];
};

}  // namespace

CellSearch::CellSearch(const Distance& distance, std::size_t k, std::uint64_t seed, ThreadTeam& team,
                       const Cancellation& cancellation)
    : distance_(&distance),
      k_(k),
      random_(mix_bits(seed)),
      cells_(distance, cell_size(distance.count(), k), Random(random_.bits()), team, cancellation),
      sample_(distance, cells_, k, kSampleSize, Random(random_.bits()), team, cancellation) {
  choose_visits(team, cancellation);
}

double CellSearch::target_recall(std::size_t n) {
  return n <= 200'000 ? 0.992 : 0.975;
}

void CellSearch::choose_visits(ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t cells = cells_.count(), samples = sample_.rows().size();
  std::vector<std::uint32_t> cell_of(distance_->count());
  for (std::size_t c = 0; c < cells; ++c) {
    for (const std::uint32_t point : cells_.members(c)) cell_of[point] = static_cast<std::uint32_t>(c);
  }
  // For each sampled point: the number of its neighbors that lie in its r-th nearest cell, and the size of that cell.
  std::vector<std::vector<std::uint32_t>> found(samples), sizes(samples);
  team.for_each((samples + kBlock - 1) / kBlock, [&](std::size_t b, unsigned) {
    cancellation.check();
    const std::size_t first = b * kBlock, count = std::min(kBlock, samples - first);
    PointBlocks sampled(*distance_, kBlock);
    sampled.gather(0, *distance_, sample_.rows().subspan(first, count));
    NearestLists lists(count, cells);
    CellRanking(cells_).offer(*distance_, sampled.block(0), count, 0, lists);
    std::vector<std::uint32_t> order(cells), rank(cells, 0);
    std::vector<float> squared(cells);
    NearestLists::Scratch scratch;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t held = lists.take(i, order.data(), squared.data(), scratch);
      found[first + i].assign(cells, 0);
      for (std::size_t r = 0; r < held; ++r) {
        rank[order[r]] = static_cast<std::uint32_t>(r);
        sizes[first + i].push_back(static_cast<std::uint32_t>(cells_.members(order[r]).size()));
      }
      sizes[first + i].resize(cells, 0);
      for (const std::uint32_t neighbor : sample_.neighbors(first + i)) ++found[first + i][rank[cell_of[neighbor]]];
    }
  });
  const double all = static_cast<double>(samples * k_);
  double covered = 0, compared = 0;
  for (visits_ = 0; visits_ < cells && covered < target_recall(distance_->count()) * all; ++visits_) {
    for (std::size_t s = 0; s < samples; ++s) {
      covered += found[s][visits_];
      compared += sizes[s][visits_];
    }
  }
  comparisons_ = static_cast<double>(cells) + compared / static_cast<double>(samples);
}

Neighbors CellSearch::run(ThreadTeam& team, const Cancellation& cancellation,
                          const std::function<void(double)>& progress) const {
  const std::size_t n = distance_->count();
  Neighbors result{.count = n,
                   .k = k_,
                   .indices = std::vector<std::uint32_t>(n * k_),
                   .squared = std::vector<float>(n * k_),
                   .method = NeighborMethod::cells};
  const std::vector<Part> parts = cut_into_parts(cells_);
  std::vector<std::optional<PartSearch>> searches(team.size());
  constexpr std::size_t kReports = 20;
  for (std::size_t report = 0; report < kReports; ++report) {
    progress(static_cast<double>(report) / kReports);
    const std::size_t first = parts.size() * report / kReports, last = parts.size() * (report + 1) / kReports;
    team.for_each(last - first, [&](std::size_t p, unsigned worker) {
      cancellation.check();
      if (!searches[worker]) searches[worker].emplace(*distance_, cells_, k_, visits_);
      searches[worker]->search(parts[first + p], result);
    });
  }
  result.recall = sample_.measure(result.squared.data());
  progress(1);
  return result;
}

}  // namespace sigma
