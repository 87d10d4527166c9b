// Where numbers lie: medians and quantiles.
#pragma once

#include <vector>

namespace daftar {

/// Of one number at least; of two in the middle their mean.
double median_of(std::vector<double> numbers);
/// Of ascending numbers, one at least; between two nearest the straight line, as spreadsheets do
/// it. `share` 0 to 1.
double quantile_of(const std::vector<double>& ascending, double share);

}  // namespace daftar
