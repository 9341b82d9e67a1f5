#include "rows.hpp"

#include <algorithm>

namespace sigma {

const float* PatchRows::read(std::size_t row, std::size_t first, std::size_t count, float* room) const {
  const std::size_t column = row % window_.columns, rest = row / window_.columns;
  const auto y0 = static_cast<std::ptrdiff_t>(rest % window_.rows * window_.stride_y) - window_.top;
  const auto x0 = static_cast<std::ptrdiff_t>(column * window_.stride_x) - window_.left;
  const auto height = static_cast<std::ptrdiff_t>(images_.height);
  // The elements of one line of the window are adjacent in the image.
  const auto line = static_cast<std::ptrdiff_t>(images_.width * images_.channels);
  const std::size_t stretch = window_.width * images_.channels;
  const float* image = data_ + rest / window_.rows * images_.height * images_.width * images_.channels;
  const auto offset = x0 * static_cast<std::ptrdiff_t>(images_.channels);
  std::size_t y = first / stretch, within = first % stretch;
  float* to = room;
  while (count > 0) {
    const std::size_t length = std::min(stretch - within, count);
    const std::ptrdiff_t begin = offset + static_cast<std::ptrdiff_t>(within);
    const std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(length);
    const std::ptrdiff_t at = y0 + static_cast<std::ptrdiff_t>(y);
    if (at < 0 || at >= height || end <= 0 || begin >= line) {
      std::fill_n(to, length, 0.0f);
    } else {
      const float* from = image + at * line;
      if (begin >= 0 && end <= line && length == count && to == room) return from + begin;
      const std::ptrdiff_t before = std::max<std::ptrdiff_t>(-begin, 0), stop = std::min(end, line) - begin;
      for (std::ptrdiff_t i = 0; i < before; ++i) to[i] = 0;
      std::copy(from + begin + before, from + begin + stop, to + before);
      for (std::ptrdiff_t i = stop; i < end - begin; ++i) to[i] = 0;
    }
    to += length;
    count -= length;
    within = 0;
    ++y;
  }
  return room;
}

}  // namespace sigma
