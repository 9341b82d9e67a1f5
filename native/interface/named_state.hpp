// Reads the state of a run to restore, by the names that its values have in run files. `From` is a table of named
// values, as in named_options.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../embedding/run.hpp"

namespace sigma {

// Returns the numbers of the state, and arrays that have the right size but are not yet filled.
template <class From>
RunState read_run_state(const From& shape, const Options& options) {
  RunState state;
  const auto n = shape.template whole<std::size_t>("rows"), d = shape.template whole<std::size_t>("cols");
  const std::size_t k = options.pca_components, columns = k > 0 ? k : d;
  state.frame = {.center = std::vector<double>(d),
                 .scale = shape.number("scale"),
                 .sigma_scale = shape.number("sigmaScale"),
                 .axes = std::vector<float>(d * k),
                 .components = k};
  state.points.means = PackedMatrix(n, columns);
  state.points.scale = state.frame.scale;
  state.points.sigma_scale = state.frame.sigma_scale;
  if (shape.flag("hasSigma")) {
    state.points.deviations = PackedMatrix(n, columns);
    state.points.sigma_is_equal = shape.flag("sigmaIsEqual");
    if (shape.flag("hasCovariance")) state.points.factors = PackedMatrix(n, columns * (columns + 1) / 2);
    if (shape.flag("hasCoordinateSpread")) {
      state.points.coordinate_spread = {std::vector<double>(d), std::vector<double>(d), std::vector<double>(d)};
    }
    if (shape.has("varianceFloor")) state.points.variance_floor = shape.number("varianceFloor");
  }
  state.order.resize(n);
  for (AlignedVector<float>* rows : {&state.positions, &state.optimizer.velocity, &state.optimizer.gains}) {
    rows->resize(n * stride_of(options.output_dimensions));
  }
  state.iteration = shape.template whole<std::uint64_t>("iteration");
  state.optimizer.mean_curvature = shape.number("meanCurvature");
  state.optimizer.climbs = shape.flag("climbs");
  if (shape.has("klBefore")) state.kl.before = shape.number("klBefore");
  if (shape.has("kl")) state.kl.now = shape.number("kl");
  return state;
}

// The array of this name if it belongs to the coordinate spread, otherwise null.
template <class Spread>
auto find_spread(Spread& spread, const std::string& name) -> decltype(&spread->center) {
  if (!spread) return nullptr;
  if (name == "spreadCenter") return &spread->center;
  if (name == "spreadVariance") return &spread->variance;
  if (name == "spreadBetween") return &spread->between;
  return nullptr;
}

}  // namespace sigma
