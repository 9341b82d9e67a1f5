#include "position_uncertainty.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "../support/random.hpp"

namespace sigma {
namespace {

// The number of draws that are placed at once.
constexpr std::size_t kBatch = 16384;
constexpr std::uint64_t kOddStep = 0x9e3779b97f4a7c15ULL;

// The points whose uncertainty is measured. Subject r is row rows[r] of `points`, and its position in the embedding is
// positions[r]. Point own[r] of the embedding neither attracts nor repels the draws of subject r.
struct Subjects {
  const Gaussians& points;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> own;
  std::vector<float> positions;      // count x output dimensions
  std::vector<std::uint64_t> seeds;  // of each subject's random stream
};

// The source of the draws for a batch of subjects: the prior with its candidates, or only the Gaussians if there is no
// prior.
struct DrawSource {
  const MeasurementPrior* prior = nullptr;
  MeasurementPrior::Candidates candidates;
};

DrawSource prepare_draws(const MeasurementPrior* prior, const Subjects& subjects, std::size_t first, std::size_t last,
                         ThreadTeam& team, const Cancellation& cancellation) {
  if (prior == nullptr) return {};
  const Gaussians& points = subjects.points;
  Gaussians measurements;
  measurements.center = points.center;
  measurements.scale = points.scale;
  measurements.sigma_scale = points.sigma_scale;
  measurements.means = PackedMatrix(last - first, points.input_dimensions());
  make_room_for_spread(measurements, points);
  for (std::size_t r = first; r < last; ++r) {
    for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
      measurements.means.at(r - first, k) = points.means.at(subjects.rows[r], k);
    }
    copy_spread(points, subjects.rows[r], measurements, r - first);
  }
  const std::span<const std::uint32_t> own = std::span(subjects.own).subspan(first, last - first);
  return {prior, prior->find(measurements, own, team, cancellation)};
}

// A draw from the Gaussian of a point, in the frame of the packed points.
void draw_from_gaussian(const Gaussians& points, std::size_t row, Random& random, std::span<double> out) {
  const double unit = points.sigma_scale / points.scale;
  const std::size_t d = out.size();
  for (std::size_t k = 0; k < d; ++k) out[k] = static_cast<double>(points.means.at(row, k));
  for (std::size_t b = 0; b < d; ++b) {
    const double draw = random.normal() * unit;
    if (points.factors.rows() == 0) {
      out[b] += draw * static_cast<double>(points.deviations.at(row, b));
      continue;
    }
    for (std::size_t a = b; a < d; ++a) {
      out[a] += draw * static_cast<double>(points.factors.at(row, a * (a + 1) / 2 + b));
    }
  }
}

// Makes `count` draws for each of the subjects [first, last), one subject after the other.
Gaussians draw(const Subjects& subjects, std::size_t first, std::size_t last, std::size_t count,
               const DrawSource& source, ThreadTeam& team) {
  const Gaussians& points = subjects.points;
  const std::size_t d = points.input_dimensions();
  Gaussians draws;
  draws.center = points.center;
  draws.scale = points.scale;
  draws.sigma_scale = points.sigma_scale;
  draws.means = PackedMatrix((last - first) * count, d);
  make_room_for_spread(draws, points);
  team.for_ranges(last - first, 64, [&](std::size_t begin, std::size_t end, std::size_t) {
    std::vector<double> values(d);
    MeasurementPrior::Scratch scratch;
    for (std::size_t r = begin; r < end; ++r) {
      const std::size_t row = subjects.rows[first + r];
      Random random(subjects.seeds[first + r]);
      for (std::size_t s = r * count; s < (r + 1) * count; ++s) {
        if (source.prior != nullptr) {
          source.prior->draw(points, row, source.candidates, r, random, values, scratch);
        } else {
          draw_from_gaussian(points, row, random, values);
        }
        // Draws have the same limit as other new points.
        for (std::size_t k = 0; k < d; ++k) {
          draws.means.at(s, k) = static_cast<float>(std::clamp(values[k], -kFarthestQuery, kFarthestQuery));
        }
        copy_spread(points, row, draws, s);
      }
    }
  });
  return draws;
}

// A hash of the means and standard deviations of a point. splitmix64 mixes in one value after the other.
std::uint64_t digest(const Gaussians& points, std::size_t row, std::uint64_t key) {
  const auto mix = [&key](float value) {
    // 0 and -0 must give the same hash.
    key += kOddStep + std::bit_cast<std::uint32_t>(value + 0.0f);
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ULL;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebULL;
    key ^= key >> 31;
  };
  for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
    mix(points.means.at(row, k));
    mix(points.deviations.at(row, k));
  }
  for (std::size_t e = 0; e < points.factors.cols(); ++e) mix(points.factors.at(row, e));
  return key;
}

PositionUncertainty measure(FittedEmbedding& embedding, const Subjects& subjects, const UncertaintyOptions& options,
                            ThreadTeam& team, const Cancellation& cancellation,
                            const FittedEmbedding::OnShare& progress) {
  const std::size_t columns = static_cast<std::size_t>(embedding.output_dimensions()),
                    entries = columns * (columns + 1) / 2;
  const std::size_t draws = options.draws, count = subjects.rows.size();
  PositionUncertainty result{std::vector<float>(count), std::vector<float>(count * entries),
                             std::vector<float>(count * columns), std::vector<float>(count),
                             std::vector<float>(options.keeps_draws ? count * draws * columns : 0)};
  if (count == 0) return result;
  const std::vector<float> radii =
      embedding.find_radii(subjects.positions, subjects.own, options.neighbors, cancellation);
  const MeasurementPrior* prior = options.uses_neighbors ? &embedding.measurement_prior(cancellation) : nullptr;
  const std::size_t batch = std::max<std::size_t>(1, kBatch / draws);
  for (std::size_t first = 0; first < count; first += batch) {
    const std::size_t last = std::min(count, first + batch);
    const DrawSource source = prepare_draws(prior, subjects, first, last, team, cancellation);
    const Gaussians drawn = draw(subjects, first, last, draws, source, team);
    std::vector<std::uint32_t> own(drawn.count());
    for (std::size_t s = 0; s < own.size(); ++s) own[s] = subjects.own[first + s / draws];
    const double share = static_cast<double>(last - first) / static_cast<double>(count);
    const Placed placed =
        embedding.place(drawn, own, options.placement, cancellation, [&](double done) { progress(share * done); });
    if (options.keeps_draws) {
      std::copy(placed.positions.begin(), placed.positions.end(),
                result.drawn.begin() + static_cast<std::ptrdiff_t>(first * draws * columns));
    }
    for (std::size_t r = first; r < last; ++r) {
      const float* own_position = &subjects.positions[r * columns];
      const float* drawn_positions = &placed.positions[(r - first) * draws * columns];
      double mean[3] = {}, moments[6] = {}, distance = 0;
      std::size_t within = 0;
      for (std::size_t s = 0; s < draws; ++s) {
        double offset[3] = {}, squared = 0;
        for (std::size_t d = 0; d < columns; ++d) {
          offset[d] = static_cast<double>(drawn_positions[s * columns + d]) - static_cast<double>(own_position[d]);
          mean[d] += offset[d] / static_cast<double>(draws);
          squared += offset[d] * offset[d];
        }
        for (std::size_t a = 0, e = 0; a < columns; ++a) {
          for (std::size_t b = a; b < columns; ++b) moments[e++] += offset[a] * offset[b] / static_cast<double>(draws);
        }
        distance += std::sqrt(squared);
        within += std::sqrt(squared) <= static_cast<double>(radii[r]);
      }
      for (std::size_t e = 0; e < entries; ++e) result.covariances[r * entries + e] = static_cast<float>(moments[e]);
      for (std::size_t d = 0; d < columns; ++d) {
        result.means[r * columns + d] = static_cast<float>(static_cast<double>(own_position[d]) + mean[d]);
      }
      result.displacements[r] = static_cast<float>(distance / static_cast<double>(draws));
      result.shares[r] = static_cast<float>(static_cast<double>(within) / static_cast<double>(draws));
    }
  }
  return result;
}

}  // namespace

PositionUncertainty measure_uncertainty(FittedEmbedding& embedding, std::span<const std::uint32_t> rows,
                                        const UncertaintyOptions& options, ThreadTeam& team,
                                        const Cancellation& cancellation, const FittedEmbedding::OnShare& progress) {
  const std::size_t columns = static_cast<std::size_t>(embedding.output_dimensions()),
                    stride = stride_of(embedding.output_dimensions());
  const std::uint64_t key = Random(options.seed).bits();
  Subjects subjects{embedding.points(), {rows.begin(), rows.end()}, {rows.begin(), rows.end()}, {}, {}};
  subjects.positions.resize(rows.size() * columns);
  subjects.seeds.resize(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy_n(&embedding.positions()[std::size_t{rows[r]} * stride], columns, &subjects.positions[r * columns]);
    subjects.seeds[r] = key ^ (kOddStep * (std::uint64_t{rows[r]} + 1));
  }
  return measure(embedding, subjects, options, team, cancellation, progress);
}

PositionUncertainty measure_uncertainty(FittedEmbedding& embedding, const Gaussians& queries,
                                        std::span<const float> positions, const UncertaintyOptions& options,
                                        ThreadTeam& team, const Cancellation& cancellation,
                                        const FittedEmbedding::OnShare& progress) {
  const std::size_t count = queries.count();
  const std::uint64_t key = Random(options.seed).bits();
  Subjects subjects{queries,
                    std::vector<std::uint32_t>(count),
                    std::vector<std::uint32_t>(count, QuerySearch::kNone),
                    {positions.begin(), positions.end()},
                    std::vector<std::uint64_t>(count)};
  std::iota(subjects.rows.begin(), subjects.rows.end(), 0u);
  for (std::size_t r = 0; r < count; ++r) subjects.seeds[r] = digest(queries, r, key);
  return measure(embedding, subjects, options, team, cancellation, progress);
}

}  // namespace sigma
