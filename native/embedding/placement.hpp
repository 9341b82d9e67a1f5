#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "../neighbors/query_search.hpp"
#include "../repulsion/field.hpp"
#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "measurement_prior.hpp"

namespace sigma {

struct PlacementOptions {
  std::vector<double> perplexities{30};  // [1, n / 3]; the search finds 3 times as many neighbors as the largest
  std::uint64_t iterations = 100;        // the most iterations per point; 0 leaves each point at its start
};

// The positions of new points, and the misfit KL(P_i || Q_i) of each position in nats.
struct Placed {
  std::vector<float> positions;  // count x output_dimensions
  std::vector<float> divergences;
};

// A finished embedding and its points, prepared once for placing new points into it. The embedding stays fixed, and
// each new point is placed independently of the other new points.
//
// The nearest fitted points of a new point give affinities p_j with the chosen perplexity. The new point starts at the
// weighted median of their positions in each coordinate, and then follows the negative gradient of
//   C(y) = KL(P || Q) = sum_j p_j log(1 / w_j) + log Z + const,  w_j = 1 / (1 + |y - y_j|^2),  Z = sum_j w_j over all
// fitted points. A quarter of the gradient of C is (pull - F / Z) / 2 with F = sum_j w_j^2 (y - y_j).
class FittedEmbedding {
 public:
  // Called from any thread with the share of the work that was finished since the last call.
  using OnShare = std::function<void(double)>;

  // `embedding` is n x output_dimensions, in the order of the points. The points and the team must outlive this object.
  FittedEmbedding(const Gaussians& points, std::string_view distance, int output_dimensions,
                  const std::vector<float>& embedding, double spacing, double theta, ThreadTeam& team,
                  const Cancellation& cancellation);

  ~FittedEmbedding();

  int output_dimensions() const { return output_dimensions_; }
  std::size_t count() const { return points_.count(); }
  const Gaussians& points() const { return points_; }
  // n x stride_of(output_dimensions).
  std::span<const float> positions() const { return positions_; }
  // The bounds of new positions, one number per output dimension. The field is defined within them.
  const float* low() const { return low_; }
  const float* high() const { return high_; }
  const Field& field() const { return *field_; }
  const QuerySearch& search() const { return search_; }

  // Places queries, which must lie in the frame of the points. Query q neither attracts nor repels point own[q].
  Placed place(const Gaussians& queries, std::span<const std::uint32_t> own, const PlacementOptions& options,
               const Cancellation& cancellation, const OnShare& progress) const;
  // Places queries that are not among the points.
  Placed place(const Gaussians& queries, const PlacementOptions& options, const Cancellation& cancellation,
               const OnShare& progress) const;

  // The prior for the true values behind other measurements; see MeasurementPrior. The points must have sigma.
  const MeasurementPrior& measurement_prior(const Cancellation& cancellation);

  // The distance from each given position in the embedding, count x output dimensions, to its k-th nearest point. Point
  // own[q] does not count for position q.
  std::vector<float> find_radii(std::span<const float> positions, std::span<const std::uint32_t> own, std::size_t k,
                                const Cancellation& cancellation);

 private:
  struct Plane;

  const Gaussians& points_;
  int output_dimensions_;
  ThreadTeam& team_;
  AlignedVector<float> positions_;
  float low_[3] = {}, high_[3] = {};  // bounds of new positions
  QuerySearch search_;
  std::unique_ptr<Field> field_;
  std::unique_ptr<MeasurementPrior> prior_;  // created at its first use
  std::unique_ptr<Plane> plane_;             // index for searches in the embedding, created at the first search
};

}  // namespace sigma
