#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "../interface/named_state.hpp"
#include "arguments.hpp"
#include "errors.hpp"
#include "run.hpp"

namespace sigma::addon {
namespace {

Napi::Value copy_out(Napi::Env env, const PackedMatrix& matrix, std::size_t first, std::size_t last) {
  auto array = Napi::Float32Array::New(env, (last - first) * matrix.cols());
  float* out = array.Data();
  for (std::size_t i = first; i < last; ++i) {
    for (std::size_t k = 0; k < matrix.cols(); ++k) *out++ = matrix.at(i, k);
  }
  return array;
}

template <class Array, class Numbers>
Napi::Value copy_out(Napi::Env env, const Numbers& numbers, std::size_t columns, std::size_t first, std::size_t last) {
  auto array = Array::New(env, (last - first) * columns);
  std::copy(numbers.begin() + static_cast<std::ptrdiff_t>(first * columns),
            numbers.begin() + static_cast<std::ptrdiff_t>(last * columns), array.Data());
  return array;
}

void copy_in(const Napi::Value& from, PackedMatrix& matrix, std::size_t first) {
  const auto array = from.As<Napi::Float32Array>();
  const float* in = array.Data();
  const std::size_t rows = array.ElementLength() / matrix.cols();
  for (std::size_t i = first; i < first + rows; ++i) {
    for (std::size_t k = 0; k < matrix.cols(); ++k) matrix.at(i, k) = *in++;
  }
}

template <class Array, class Numbers>
void copy_in(const Napi::Value& from, Numbers& numbers, std::size_t columns, std::size_t first) {
  const auto array = from.As<Array>();
  std::copy_n(array.Data(), array.ElementLength(), numbers.begin() + static_cast<std::ptrdiff_t>(first * columns));
}

}  // namespace

void RunObject::prepare_state(const Properties& shape, const Options& options) {
  shared_ = std::make_shared<Shared>();
  shared_->options = options;
  shared_->state = std::make_unique<RunState>(read_run_state(shape, options));
}

Napi::Value RunObject::describe_state(const Napi::CallbackInfo& info) {
  refuse_while_busy(info.Env());
  const Run& run = *shared_->run;
  if (!run.has_embedding()) return info.Env().Undefined();
  about(info.Env(), "run", [&] { run.require_sound(); });
  Napi::Object shape = Napi::Object::New(info.Env());
  shape.Set("rows", static_cast<double>(run.count()));
  shape.Set("cols", static_cast<double>(run.frame().center.size()));
  shape.Set("hasSigma", run.points().deviations.rows() > 0);
  shape.Set("hasCovariance", run.points().factors.rows() > 0);
  shape.Set("sigmaIsEqual", run.points().sigma_is_equal);
  set_variance_floor(shape, run.options().distance, run.points());
  shape.Set("hasCoordinateSpread", run.points().coordinate_spread.has_value());
  shape.Set("scale", run.frame().scale);
  shape.Set("sigmaScale", run.frame().sigma_scale);
  shape.Set("iteration", static_cast<double>(run.iteration()));
  shape.Set("meanCurvature", run.optimizer().mean_curvature);
  shape.Set("climbs", run.optimizer().climbs);
  if (run.recorded_kl().before) shape.Set("klBefore", *run.recorded_kl().before);
  if (run.recorded_kl().now) shape.Set("kl", *run.recorded_kl().now);
  return shape;
}

Napi::Value RunObject::read_state(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  refuse_while_busy(env);
  const Run& run = *shared_->run;
  const Properties arguments(info[0]);
  const std::string name = arguments.text("name");
  const auto first = arguments.whole<std::size_t>("first"), last = arguments.whole<std::size_t>("last");
  const std::size_t stride = stride_of(run.options().output_dimensions);
  if (name == "means") return copy_out(env, run.points().means, first, last);
  if (name == "deviations") return copy_out(env, run.points().deviations, first, last);
  if (name == "factors") return copy_out(env, run.points().factors, first, last);
  if (name == "center") return copy_out<Napi::Float64Array>(env, run.frame().center, 1, first, last);
  if (const std::vector<double>* numbers = find_spread(run.points().coordinate_spread, name)) {
    return copy_out<Napi::Float64Array>(env, *numbers, 1, first, last);
  }
  if (name == "axes") return copy_out<Napi::Float32Array>(env, run.frame().axes, run.frame().components, first, last);
  if (name == "order") return copy_out<Napi::Uint32Array>(env, run.order(), 1, first, last);
  if (name == "positions") return copy_out<Napi::Float32Array>(env, run.positions(), stride, first, last);
  if (name == "velocity") return copy_out<Napi::Float32Array>(env, run.optimizer().velocity, stride, first, last);
  if (name == "gains") return copy_out<Napi::Float32Array>(env, run.optimizer().gains, stride, first, last);
  throw Napi::TypeError::New(env, "expected the name of an array of the run");
}

Napi::Value RunObject::write_state(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Properties arguments(info[0]);
  const std::string name = arguments.text("name");
  const auto first = arguments.whole<std::size_t>("first");
  const Napi::Value numbers = arguments.at("numbers");
  RunState& state = *shared_->state;
  const std::size_t stride = stride_of(shared_->options.output_dimensions);
  if (name == "means") copy_in(numbers, state.points.means, first);
  if (name == "deviations") copy_in(numbers, state.points.deviations, first);
  if (name == "factors") copy_in(numbers, state.points.factors, first);
  if (name == "center") copy_in<Napi::Float64Array>(numbers, state.frame.center, 1, first);
  if (std::vector<double>* spread = find_spread(state.points.coordinate_spread, name)) {
    copy_in<Napi::Float64Array>(numbers, *spread, 1, first);
  }
  if (name == "axes") copy_in<Napi::Float32Array>(numbers, state.frame.axes, state.frame.components, first);
  if (name == "order") copy_in<Napi::Uint32Array>(numbers, state.order, 1, first);
  if (name == "positions") copy_in<Napi::Float32Array>(numbers, state.positions, stride, first);
  if (name == "velocity") copy_in<Napi::Float32Array>(numbers, state.optimizer.velocity, stride, first);
  if (name == "gains") copy_in<Napi::Float32Array>(numbers, state.optimizer.gains, stride, first);
  return env.Undefined();
}

Napi::Value RunObject::restore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  about(env, "data", [&] {
    RunState& state = *shared_->state;
    check(state);
    if (state.frame.components > 0) {
      state.points.center.assign(state.frame.components, 0.0);
    } else {
      state.points.center = state.frame.center;
    }
    shared_->run = std::make_unique<Run>(std::move(state), shared_->options, std::move(shared_->neighbors));
    shared_->state.reset();
  });
  report_bytes(env, shared_->run->bytes());
  return env.Undefined();
}

}  // namespace sigma::addon
