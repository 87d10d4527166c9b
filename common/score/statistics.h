// Where numbers lie: medians and quantiles.
#pragma once

#include <vector>

namespace daftar {

/// Of one number at least; of two in the middle their mean.
double median_of(std::vector<double> numbers);
double median_of_ascending(const std::vector<double>& numbers);
/// The median of how far each of ascending numbers, one at least, lies from `centre`, which is not
/// outside of them.
double median_deviation(const std::vector<double>& ascending, double centre);
/// Of ascending numbers, one at least; between two nearest the straight line, as spreadsheets do
/// it. `share` 0 to 1.
double quantile_of(const std::vector<double>& ascending, double share);

}  // namespace daftar
