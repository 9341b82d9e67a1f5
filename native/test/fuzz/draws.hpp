// Turns bytes into choices. After the last byte, all further bytes are 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace sigma::test {

class Draws {
 public:
  Draws(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), left_(size) {}

  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *bytes_++;
  }

  // An integer from `least` to `most`. The range has at most 256 integers.
  int integer(int least, int most) { return least + byte() % (most - least + 1); }
  bool once(int times) { return byte() % times == times - 1; }
  double fraction() { return byte() / 255.0; }

  template <class T, std::size_t n>
  T pick(const T (&choices)[n]) {
    return choices[byte() % n];
  }

  // Numbers that are bell-shaped, all equal, at few positions, or of every size. Rarely one number is NaN, infinite or
  // -1.
  std::vector<double> numbers(std::size_t count, bool positive = false) {
    constexpr double kSizes[] = {1, 1, 1, 0, 1e-45, 1e-30, 1e30, 3e38, 1e39, 1e150, 1e300, 5e-324};
    const int kind = integer(0, 3);
    const double size = pick(kSizes), offset = positive || once(2) ? 0 : pick({1.0, -1e6, 1e30});
    std::vector<double> all(count);
    for (std::size_t i = 0; i < count; ++i) {
      const double hash = static_cast<double>(i * 2654435761u % 1009) / 1009;
      all[i] = kind == 0   ? offset
               : kind == 1 ? static_cast<double>(i % 3) * size + offset
               : kind == 2 ? (positive || once(2) ? 1 : -1) * pick(kSizes)
                           : (hash + fraction()) * size + offset;
    }
    if (count > 0 && once(16)) {
      all[byte() % count] =
          pick({std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0});
    }
    return all;
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t left_;
};

}  // namespace sigma::test
