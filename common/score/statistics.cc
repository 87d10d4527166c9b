#include "common/score/statistics.h"

#include <algorithm>
#include <cstddef>

namespace daftar {

double median_of(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  if (numbers.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(numbers.begin(), middle)) / 2;
}

double median_of_ascending(const std::vector<double>& numbers) {
  const size_t middle = numbers.size() / 2;
  if (numbers.size() % 2 == 1) return numbers[middle];
  return (numbers[middle - 1] + numbers[middle]) / 2;
}

double median_deviation(const std::vector<double>& ascending, double centre) {
  // From the centre outwards on both sides the deviations come in their order.
  auto above = std::lower_bound(ascending.begin(), ascending.end(), centre);
  auto below = above;
  double before = 0;
  double deviation = 0;
  for (size_t taken = 0; taken <= ascending.size() / 2; ++taken) {
    before = deviation;
    const bool has_below = below != ascending.begin();
    const bool is_below =
        has_below && (above == ascending.end() || centre - *(below - 1) <= *above - centre);
    deviation = is_below ? centre - *--below : *above++ - centre;
  }
  return ascending.size() % 2 == 1 ? deviation : (before + deviation) / 2;
}

double quantile_of(const std::vector<double>& ascending, double share) {
  const double at = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(at);
  const double part = at - static_cast<double>(below);
  const double next = ascending[std::min(below + 1, ascending.size() - 1)];
  return ascending[below] + (next - ascending[below]) * part;
}

}  // namespace daftar
