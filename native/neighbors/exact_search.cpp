#include "exact_search.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
// Blocks of rows that share one pass over all columns: more of them read memory less often, fewer share work better.
constexpr std::size_t kBlocksPerPass = 2;

// The k least of a stream of candidates whose indices ascend. Those below the k-th least known so far gather in a
// buffer; when it is full, all but the k least are dropped.
class Nearest {
 public:
  void start(std::size_t k) {
    k_ = k;
    count_ = 0;
    candidates_.resize(2 * k + 4 * kBlock);
    bound_ = std::numeric_limits<float>::infinity();
  }

  void offer(const float* squared, std::uint32_t first) {
    count_ += distance_kernels().collect_below(squared, bound_, first, candidates_.data() + count_);
    if (count_ + kBlock > candidates_.size()) drop_all_but_least();
  }

  void finish(std::uint32_t* indices, float* squared) {
    drop_all_but_least();
    std::sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(k_));
    for (std::size_t j = 0; j < k_; ++j) {
      indices[j] = candidates_[j].index;
      squared[j] = candidates_[j].squared;
    }
  }

 private:
  void drop_all_but_least() {
    if (count_ <= k_) return;
    std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(k_ - 1),
                     candidates_.begin() + static_cast<std::ptrdiff_t>(count_));
    count_ = k_;
    // A later candidate at the same distance has the larger index and loses, so the bound itself is out.
    bound_ = candidates_[k_ - 1].squared;
  }

  std::size_t k_ = 0, count_ = 0;
  float bound_ = 0;
  std::vector<Candidate> candidates_;
};

}  // namespace

Neighbors search_exactly(const Distance& distance, std::size_t k, ThreadTeam& team, const Cancellation& cancellation,
                         const std::function<void(double)>& progress) {
  const std::size_t n = distance.points().count(), blocks = distance.points().means.blocks();
  Neighbors result{n, k, std::vector<std::uint32_t>(n * k), std::vector<float>(n * k), 1.0};
  struct Scratch {
    AlignedVector<float> tile;
    std::vector<Nearest> rows;
  };
  std::vector<Scratch> scratch(team.size());
  std::mutex progress_mutex;
  std::size_t passes_done = 0;
  const std::size_t passes = (blocks + kBlocksPerPass - 1) / kBlocksPerPass;

  team.for_each(passes, [&](std::size_t pass, unsigned worker) {
    Scratch& own = scratch[worker];
    own.tile.resize(kBlock * kBlock);
    own.rows.resize(kBlocksPerPass * kBlock);
    for (Nearest& row : own.rows) row.start(k);
    const std::size_t first = pass * kBlocksPerPass, last = std::min(first + kBlocksPerPass, blocks);
    for (std::size_t columns = 0; columns < blocks; ++columns) {
      cancellation.check();
      const std::size_t width = std::min(kBlock, n - columns * kBlock);
      for (std::size_t rows = first; rows < last; ++rows) {
        distance.tile(rows, columns, own.tile.data());
        const std::size_t height = std::min(kBlock, n - rows * kBlock);
        for (std::size_t i = 0; i < height; ++i) {
          float* squared = own.tile.data() + i * kBlock;
          if (rows == columns) squared[i] = std::numeric_limits<float>::infinity();
          std::fill(squared + width, squared + kBlock, std::numeric_limits<float>::infinity());
          own.rows[(rows - first) * kBlock + i].offer(squared, static_cast<std::uint32_t>(columns * kBlock));
        }
      }
    }
    for (std::size_t rows = first; rows < last; ++rows) {
      for (std::size_t i = 0; i < kBlock && rows * kBlock + i < n; ++i) {
        const std::size_t row = rows * kBlock + i;
        own.rows[(rows - first) * kBlock + i].finish(&result.indices[row * k], &result.squared[row * k]);
      }
    }
    const std::lock_guard lock(progress_mutex);
    progress(static_cast<double>(++passes_done) / static_cast<double>(passes));
  });
  return result;
}

}  // namespace sigma
