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

double quantile_of(const std::vector<double>& ascending, double share) {
  const double at = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(at);
  const double part = at - static_cast<double>(below);
  const double next = ascending[std::min(below + 1, ascending.size() - 1)];
  return ascending[below] + (next - ascending[below]) * part;
}

}  // namespace daftar
