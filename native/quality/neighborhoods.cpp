#include "neighborhoods.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "../support/ordered_bits.hpp"
#include "quality_kernels.hpp"

namespace sigma {
namespace {

// The k-th least number of a sample bounds the k-th least of all numbers, at a fraction of the cost.
constexpr std::size_t kSample = 4096;
constexpr std::size_t kLeastSampleForEach = 16;
// This many numbers stay in the first-level cache while they are counted repeatedly.
constexpr std::size_t kStretch = 4096;
// A multiple of every vector width.
constexpr std::size_t kStep = 16;
// Far points are counted in this many parts, the farthest first.
constexpr std::size_t kParts = 4;

// Keys are ordered by squared distance and then by index.
using Key = std::uint64_t;

Key key_of(float squared, std::uint32_t index) {
  return Key{ordered_bits(squared)} << 32 | index;
}

std::uint32_t index_of(Key key) {
  return static_cast<std::uint32_t>(key);
}

float squared_of(Key key) {
  return from_ordered_bits(static_cast<std::uint32_t>(key >> 32));
}

// Ranks all other points by their distance from one point, in the data or in the embedding.
class Ranking {
 public:
  Ranking(std::size_t stride, std::size_t k)
      : stride_(stride), k_(k), sample_(kSample), values_(stride + kStep), indices_(stride + kStep) {}

  // Finds the k nearest points. The row must stay valid until rank() is done.
  void start(const float* row) {
    row_ = row;
    const std::size_t found =
        quality_kernels().keep_not_above(row, nullptr, stride_, find_bound(), values_.data(), indices_.data());
    nearest_.resize(found);
    for (std::size_t c = 0; c < found; ++c) nearest_[c] = key_of(values_[c], indices_[c]);
    std::nth_element(nearest_.begin(), nearest_.begin() + static_cast<std::ptrdiff_t>(k_ - 1), nearest_.end());
    nearest_.resize(k_);
    std::sort(nearest_.begin(), nearest_.end());
  }

  const std::vector<Key>& nearest() const { return nearest_; }

  // ranks[e] = the rank, in this ranking and from 1, of the e-th nearest point of the other ranking.
  void rank(const std::vector<Key>& others, std::vector<std::size_t>& ranks) {
    ranks.resize(others.size());
    far_.clear();
    for (std::size_t e = 0; e < others.size(); ++e) {
      const std::uint32_t index = index_of(others[e]);
      const Key key = key_of(row_[index], index);
      const auto at = std::lower_bound(nearest_.begin(), nearest_.end(), key);
      ranks[e] = static_cast<std::size_t>(at - nearest_.begin()) + 1;
      if (at == nearest_.end()) far_.push_back({key, e});
    }
    std::sort(far_.begin(), far_.end());
    // The ranks of the farthest points are computed first, by counting the nearer points among all points that are not
    // farther than the farthest one. The nearer a point, the fewer points remain to be counted for it.
    const float* values = row_;
    const std::uint32_t* indices = nullptr;
    for (std::size_t left = far_.size(), held = stride_; left > 0;) {
      held = quality_kernels().keep_not_above(values, indices, held, squared_of(far_[left - 1].first), values_.data(),
                                              indices_.data());
      values = values_.data();
      indices = indices_.data();
      const std::size_t rest = left - (left + kParts - 1) / kParts;
      count(held, std::span(far_).subspan(rest, left - rest), ranks);
      left = rest;
      for (; held % kStep != 0; ++held) values_[held] = std::numeric_limits<float>::infinity();
    }
  }

 private:
  // The key of a far point, and its index in the other ranking.
  using Far = std::pair<Key, std::size_t>;

  // Computes the ranks of far points by counting among the first `held` kept points, which include all nearer points.
  void count(std::size_t held, std::span<const Far> far, std::vector<std::size_t>& ranks) {
    constexpr float kBeyond = std::numeric_limits<float>::infinity();
    const auto& kernels = quality_kernels();
    turns_.clear();
    for (const auto& [key, e] : far) {
      ranks[e] = 1;
      const auto end = indices_.begin() + static_cast<std::ptrdiff_t>(held);
      turns_.push_back(
          static_cast<std::size_t>(std::lower_bound(indices_.begin(), end, index_of(key)) - indices_.begin()));
    }
    for (std::size_t first = 0; first < held; first += kStretch) {
      const std::size_t last = std::min(first + kStretch, held);
      for (std::size_t f = 0; f < far.size(); ++f) {
        const float squared = squared_of(far[f].first);
        // Among points at the same distance, those with a lower index come first.
        const std::size_t turn = std::clamp(turns_[f], first, last);
        ranks[far[f].second] += kernels.count_below(&values_[first], turn - first, std::nextafter(squared, kBeyond)) +
                                kernels.count_below(&values_[turn], last - turn, squared);
      }
    }
  }

  float find_bound() {
    const std::size_t step = stride_ / kSample;
    if (step < 2 || k_ * kLeastSampleForEach > kSample) return distance_kernels().find_bound(row_, stride_, k_);
    for (std::size_t e = 0; e < kSample; ++e) sample_[e] = row_[e * step];
    return distance_kernels().find_bound(sample_.data(), kSample, k_);
  }

  std::size_t stride_, k_;
  const float* row_ = nullptr;
  AlignedVector<float> sample_, values_;
  AlignedVector<std::uint32_t> indices_;
  std::vector<Key> nearest_;
  std::vector<Far> far_;
  std::vector<std::size_t> turns_;
};

}  // namespace

Neighborhoods compare_neighborhoods(const DistanceRows& data, const DistanceRows& embedding,
                                    std::span<const std::uint32_t> points, std::span<const std::size_t> sizes,
                                    std::size_t listed, ThreadTeam& team, const Cancellation& cancellation,
                                    const std::function<void(double)>& progress) {
  constexpr std::size_t kTogether = DistanceRows::kTogether;
  const std::size_t n = data.count(), chunks = (points.size() + kTogether - 1) / kTogether;
  const std::size_t most = std::max(listed, *std::max_element(sizes.begin(), sizes.end()));
  Neighborhoods result;
  for (auto* values : {&result.kept, &result.trustworthiness, &result.continuity}) {
    values->resize(points.size() * sizes.size());
  }
  result.in_embedding.resize(points.size() * listed);
  result.listed = listed;

  struct Worker {
    DistanceRows::Scratch data, embedding;
    Ranking in_data, in_embedding;
    std::vector<std::size_t> data_ranks, embedding_ranks;
  };
  std::vector<std::unique_ptr<Worker>> workers(team.size());
  team.for_each(chunks, [&](std::size_t chunk, unsigned who) {
    cancellation.check();
    if (!workers[who]) {
      workers[who] = std::make_unique<Worker>(Worker{DistanceRows::Scratch(data),
                                                     DistanceRows::Scratch(embedding),
                                                     {data.stride(), most},
                                                     {embedding.stride(), most},
                                                     {},
                                                     {}});
    }
    Worker& worker = *workers[who];
    const std::size_t begin = chunk * kTogether;
    const auto together = points.subspan(begin, std::min(kTogether, points.size() - begin));
    data.fill(together, worker.data);
    embedding.fill(together, worker.embedding);
    for (std::size_t r = 0; r < together.size(); ++r) {
      worker.in_data.start(worker.data.row(r));
      worker.in_embedding.start(worker.embedding.row(r));
      worker.in_data.rank(worker.in_embedding.nearest(), worker.data_ranks);
      worker.in_embedding.rank(worker.in_data.nearest(), worker.embedding_ranks);
      const std::size_t at = begin + r;
      for (std::size_t e = 0; e < listed; ++e) {
        result.in_embedding[at * listed + e] = index_of(worker.in_embedding.nearest()[e]);
      }
      for (std::size_t s = 0; s < sizes.size(); ++s) {
        const std::size_t k = sizes[s];
        std::size_t kept = 0;
        double intrusion = 0, extrusion = 0;
        for (std::size_t e = 0; e < k; ++e) {
          const std::size_t in_data = worker.data_ranks[e], in_embedding = worker.embedding_ranks[e];
          kept += in_data <= k;
          intrusion += in_data > k ? static_cast<double>(in_data - k) : 0;
          extrusion += in_embedding > k ? static_cast<double>(in_embedding - k) : 0;
        }
        const double unit = static_cast<double>(k) * (2.0 * static_cast<double>(n) - 3.0 * static_cast<double>(k) - 1);
        result.kept[at * sizes.size() + s] = static_cast<double>(kept) / static_cast<double>(k);
        result.trustworthiness[at * sizes.size() + s] = 1 - 2 * intrusion / unit;
        result.continuity[at * sizes.size() + s] = 1 - 2 * extrusion / unit;
      }
    }
    if (who == 0) progress(static_cast<double>(chunk) / static_cast<double>(chunks));
  });
  progress(1);
  return result;
}

}  // namespace sigma
