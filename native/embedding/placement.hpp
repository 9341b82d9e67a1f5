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
  std::vector<double> perplexities{30};  // [1, n / 3]; 3 times as many neighbors as the largest are searched
  std::uint64_t iterations = 100;        // at most, for each point; 0 leaves it at its start
};

// The positions of new points, and how well each position fits: KL(P_i || Q_i) in nats.
struct Placed {
  std::vector<float> positions;  // count x output_dimensions
  std::vector<float> divergences;
};

// A finished embedding and its points, prepared once for placing new points into it. Each new point is placed by itself
// while the embedding stays fixed, so the result does not depend on the other new points.
//
// A point's neighbors among the fitted ones give affinities p_j of the perplexity. It starts at their weighted median,
// coordinate by coordinate, and then follows the negative gradient of
//   C(y) = KL(P || Q) = sum_j p_j log(1 / w_j) + log Z + const,  w_j = 1 / (1 + |y - y_j|^2),  Z = sum_j w_j over all
// fitted points, a quarter of whose gradient is (pull - F / Z) / 2 with F = sum_j w_j^2 (y - y_j).
class FittedEmbedding {
 public:
  // Called from any thread with the share of the work that was done since.
  using OnShare = std::function<void(double)>;

  // `embedding` is n x output_dimensions, in the order of the points, which must outlive this, as must the team.
  FittedEmbedding(const Gaussians& points, std::string_view distance, int output_dimensions,
                  const std::vector<float>& embedding, double spacing, double theta, ThreadTeam& team,
                  const Cancellation& cancellation);

  ~FittedEmbedding();

  int output_dimensions() const { return output_dimensions_; }
  std::size_t count() const { return points_.count(); }
  const Gaussians& points() const { return points_; }
  // n x stride_of(output_dimensions).
  std::span<const float> positions() const { return positions_; }
  // The bounds of new positions, one number per output dimension; the field is known within them.
  const float* low() const { return low_; }
  const float* high() const { return high_; }
  const Field& field() const { return *field_; }
  const QuerySearch& search() const { return search_; }

  // Places queries that lie in the points' frame. Query q neither attracts nor repels point own[q].
  Placed place(const Gaussians& queries, std::span<const std::uint32_t> own, const PlacementOptions& options,
               const Cancellation& cancellation, const OnShare& progress) const;
  // The same for queries that are not among the points.
  Placed place(const Gaussians& queries, const PlacementOptions& options, const Cancellation& cancellation,
               const OnShare& progress) const;

  // What the points say about the true values behind other measurements. The points must have sigma.
  const MeasurementPrior& measurement_prior(const Cancellation& cancellation);

  // The distance from each of some positions in the embedding, count x output dimensions, to its k-th nearest point,
  // except point own[q].
  std::vector<float> find_radii(std::span<const float> positions, std::span<const std::uint32_t> own, std::size_t k,
                                const Cancellation& cancellation);

 private:
  struct Plane;

  const Gaussians& points_;
  int output_dimensions_;
  ThreadTeam& team_;
  AlignedVector<float> positions_;
  float low_[3] = {}, high_[3] = {};  // where points may be placed
  QuerySearch search_;
  std::unique_ptr<Field> field_;
  std::unique_ptr<MeasurementPrior> prior_;  // made when it is first used
  std::unique_ptr<Plane> plane_;             // the embedding to search in, made when it is first searched
};

}  // namespace sigma
