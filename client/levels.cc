#include "client/levels.h"

#include "common/base/decimal.h"
#include "common/base/folding.h"
#include "common/register/kinds.h"

namespace daftar::client {

Result<std::vector<std::string>> levels_of(View& view, const RecordKey& indicator) {
  RecordKey key = indicator;
  key.kind = kind::indicator;
  key.qualifier.clear();
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
  std::vector<std::string> levels;
  const Value list = record.reading(field::indicator_levels);
  for (const Value& item : list.as_list()) levels.push_back(value_text(item));
  return levels;
}

std::optional<Value> find_level(const std::vector<std::string>& levels, std::string_view typed) {
  if (Decimal::parse(typed).ok()) return std::nullopt;
  const std::string wanted = fold_text(typed);
  for (size_t i = 0; i < levels.size() && !wanted.empty(); ++i) {
    if (fold_text(levels[i]) == wanted) return Value::decimal(Decimal(static_cast<int64_t>(i)));
  }
  return std::nullopt;
}

}  // namespace daftar::client
