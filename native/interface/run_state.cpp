#include "run_state.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "boundary.hpp"
#include "named_state.hpp"

namespace sigma {
namespace {

void require_rows(std::size_t first, std::size_t last, std::size_t rows) {
  if (first > last || last > rows) throw std::invalid_argument("rows: expected a range within the rows of the array");
}

std::vector<float> copy_rows(const PackedMatrix& matrix, std::size_t first, std::size_t last) {
  require_rows(first, last, matrix.rows());
  std::vector<float> rows;
  rows.reserve((last - first) * matrix.cols());
  for (std::size_t i = first; i < last; ++i) {
    for (std::size_t k = 0; k < matrix.cols(); ++k) rows.push_back(matrix.at(i, k));
  }
  return rows;
}

template <class T, class Numbers>
std::vector<T> copy_rows(const Numbers& numbers, std::size_t columns, std::size_t first, std::size_t last) {
  require_rows(first, last, columns == 0 ? 0 : numbers.size() / columns);
  const auto at = [&](std::size_t row) { return numbers.begin() + static_cast<std::ptrdiff_t>(row * columns); };
  return {at(first), at(last)};
}

void copy_in(const std::vector<float>& numbers, PackedMatrix& matrix, std::size_t first) {
  const std::size_t rows = matrix.cols() == 0 ? 0 : numbers.size() / matrix.cols();
  require_rows(first, first + rows, matrix.rows());
  const float* in = numbers.data();
  for (std::size_t i = first; i < first + rows; ++i) {
    for (std::size_t k = 0; k < matrix.cols(); ++k) matrix.at(i, k) = *in++;
  }
}

template <class T, class Numbers>
void copy_in(const std::vector<T>& from, Numbers& numbers, std::size_t columns, std::size_t first) {
  if (first * columns + from.size() > numbers.size())
    throw std::invalid_argument("rows: expected a range within the rows of the array");
  std::copy(from.begin(), from.end(), numbers.begin() + static_cast<std::ptrdiff_t>(first * columns));
}

}  // namespace

UnfinishedState prepare_state(const Values& shape, const Options& options) {
  return {read_run_state(shape, options), options, std::nullopt};
}

void write_state(UnfinishedState& unfinished, const Values& rows) {
  RunState& state = unfinished.state;
  const std::string& name = rows.text("name");
  const auto first = rows.whole<std::size_t>("first");
  const std::size_t stride = stride_of(unfinished.options.output_dimensions);
  const auto narrow = [&]() -> const std::vector<float>& { return rows.array<float>("numbers"); };
  if (name == "means") return copy_in(narrow(), state.points.means, first);
  if (name == "deviations") return copy_in(narrow(), state.points.deviations, first);
  if (name == "factors") return copy_in(narrow(), state.points.factors, first);
  if (name == "center") return copy_in(rows.array<double>("numbers"), state.frame.center, 1, first);
  if (std::vector<double>* spread = find_spread(state.points.coordinate_spread, name)) {
    return copy_in(rows.array<double>("numbers"), *spread, 1, first);
  }
  if (name == "axes") return copy_in(narrow(), state.frame.axes, state.frame.components, first);
  if (name == "order") return copy_in(rows.array<std::uint32_t>("numbers"), state.order, 1, first);
  if (name == "positions") return copy_in(narrow(), state.positions, stride, first);
  if (name == "velocity") return copy_in(narrow(), state.optimizer.velocity, stride, first);
  if (name == "gains") return copy_in(narrow(), state.optimizer.gains, stride, first);
  throw std::invalid_argument("name: expected the name of an array of the run");
}

std::unique_ptr<Run> restore_run(UnfinishedState unfinished) {
  RunState& state = unfinished.state;
  check(state);
  if (state.frame.components > 0) {
    state.points.center.assign(state.frame.components, 0.0);
  } else {
    state.points.center = state.frame.center;
  }
  return std::make_unique<Run>(std::move(state), unfinished.options, std::move(unfinished.neighbors));
}

void describe_state(const Run& run, Values& shape) {
  shape.set("rows", run.count());
  shape.set("cols", run.frame().center.size());
  shape.set("hasSigma", run.points().deviations.rows() > 0);
  shape.set("sigmaIsEqual", run.points().sigma_is_equal);
  shape.set("hasCovariance", run.points().factors.rows() > 0);
  set_variance_floor(shape, run.options().distance, run.points());
  shape.set("hasCoordinateSpread", run.points().coordinate_spread.has_value());
  shape.set("scale", run.frame().scale);
  shape.set("sigmaScale", run.frame().sigma_scale);
  shape.set("iteration", run.iteration());
  shape.set("meanCurvature", run.optimizer().mean_curvature);
  shape.set("climbs", run.optimizer().climbs);
  if (run.recorded_kl().before) shape.set("klBefore", *run.recorded_kl().before);
  if (run.recorded_kl().now) shape.set("kl", *run.recorded_kl().now);
}

void read_state(const Run& run, const Values& rows, Values& result) {
  const std::string& name = rows.text("name");
  const auto first = rows.whole<std::size_t>("first"), last = rows.whole<std::size_t>("last");
  const std::size_t stride = stride_of(run.options().output_dimensions);
  if (name == "means") return result.set("numbers", copy_rows(run.points().means, first, last));
  if (name == "deviations") return result.set("numbers", copy_rows(run.points().deviations, first, last));
  if (name == "factors") return result.set("numbers", copy_rows(run.points().factors, first, last));
  if (name == "center") return result.set("numbers", copy_rows<double>(run.frame().center, 1, first, last));
  if (const std::vector<double>* numbers = find_spread(run.points().coordinate_spread, name)) {
    return result.set("numbers", copy_rows<double>(*numbers, 1, first, last));
  }
  if (name == "axes") {
    return result.set("numbers", copy_rows<float>(run.frame().axes, run.frame().components, first, last));
  }
  if (name == "order") return result.set("numbers", copy_rows<std::uint32_t>(run.order(), 1, first, last));
  if (name == "positions") return result.set("numbers", copy_rows<float>(run.positions(), stride, first, last));
  if (name == "velocity") {
    return result.set("numbers", copy_rows<float>(run.optimizer().velocity, stride, first, last));
  }
  if (name == "gains") return result.set("numbers", copy_rows<float>(run.optimizer().gains, stride, first, last));
  throw std::invalid_argument("name: expected the name of an array of the run");
}

}  // namespace sigma
