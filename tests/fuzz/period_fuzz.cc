// Periods as people write them (up to three, a line each) and as their canonical bytes.
#include "common/base/period.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

void check_period(const Period& period) {
  require(period.start().ok() && period.end().ok() && period.start() <= period.end() &&
              period.start_year() >= 1000 && period.end_year() <= 9999,
          "a period covers whole days of the years 1000 to 9999");
  const Result<ParsedPeriod> from_text = parse_period(period.text());
  require(from_text.ok() && from_text->period == period && from_text->suffix.empty(),
          "the text of a period reads back as it");
  require(from_text->period.text() == period.text(), "the text of a period is a fixed point");
  const Result<Period> from_bytes = Period::from_bytes(period.bytes());
  require(from_bytes.ok() && *from_bytes == period, "the bytes of a period read back as it");
}

}  // namespace

void judge(std::string_view input, Verdicts* /*verdicts*/) {
  std::vector<Period> periods;
  for (const std::string_view text : pieces(input)) {
    const Result<ParsedPeriod> parsed =
        within_memory(16 * text.size() + 8192, [&] { return parse_period(text); });
    if (!parsed.ok()) {
      require(parsed.status().code() == Code::invalid, "what is no period is invalid");
      (void)parsed.status().text();
      continue;
    }
    check_period(parsed->period);
    const std::string again = parsed->period.text() + parsed->suffix;
    const Result<ParsedPeriod> with_suffix = parse_period(again);
    require(with_suffix.ok() && with_suffix->period == parsed->period &&
                with_suffix->suffix == parsed->suffix,
            "a period with its suffix reads back as both");
    periods.push_back(parsed->period);
  }
  const Result<Period> from_bytes = Period::from_bytes(input);
  if (from_bytes.ok()) {
    require(from_bytes->bytes() == input, "a period's bytes are written as they were read");
    check_period(*from_bytes);
    periods.push_back(*from_bytes);
  } else {
    require(from_bytes.status().code() == Code::corrupt, "bytes that are no period are corrupt");
  }
  require_order(periods, [](const Period& period) { return period.bytes(); });
  for (const Period& a : periods) {
    for (const Period& b : periods) {
      require((a <=> b) == (a.bytes() <=> b.bytes()), "periods sort as their bytes");
    }
  }
}

}  // namespace daftar::fuzz
