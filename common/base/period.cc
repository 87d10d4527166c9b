#include "common/base/period.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace daftar {
namespace {

using Date = Period::Date;

constexpr int kFirstYear = 1000;
constexpr int kLastYear = 9999;
constexpr unsigned kLongEnd = 0xF0;
constexpr unsigned char kDateRangeTail = 0xFF;

bool year_in_range(int year) { return year >= kFirstYear && year <= kLastYear; }

std::string padded(int number, int width) {
  std::string digits = std::to_string(number);
  if (static_cast<int>(digits.size()) < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

Date date_of(int year, int month, int day) {
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
}

Date first_day(int year, int month) { return date_of(year, month, 1); }

Date last_day(int year, int month) {
  return std::chrono::year(year) / std::chrono::month(month) / std::chrono::last;
}

int number_of(std::chrono::month month) { return static_cast<int>(static_cast<unsigned>(month)); }
int number_of(std::chrono::day day) { return static_cast<int>(static_cast<unsigned>(day)); }

std::string date_text(Date date) {
  return padded(static_cast<int>(date.year()), 4) + "-" + padded(number_of(date.month()), 2) + "-" +
         padded(number_of(date.day()), 2);
}

std::string split_year_text(int first_year) {
  return padded(first_year, 4) + "/" + padded((first_year + 1) % 100, 2);
}

Status year_out_of_range(std::string text) {
  return {Code::invalid, Msg::period_year_range, {std::move(text)}};
}

Status not_in_calendar(std::string text) {
  return {Code::invalid, Msg::period_not_in_calendar, {std::move(text)}};
}

Status not_forward(std::string text) {
  return {Code::invalid, Msg::period_not_forward, {std::move(text)}};
}

/// The months of the calendar, numbered from year 0 on, so that they can be subtracted.
int month_number(Date date) {
  return static_cast<int>(date.year()) * 12 + number_of(date.month()) - 1;
}

bool ends_its_month(Date date) {
  return date.day() ==
         std::chrono::year_month_day_last(date.year() / date.month() / std::chrono::last).day();
}

}  // namespace

Result<Period> Period::year(int year, char letter) {
  std::string text = std::to_string(year);
  if (!year_in_range(year)) return year_out_of_range(std::move(text));
  if (letter != '\0' && (letter < 'a' || letter > 'z')) {
    return Status(Code::invalid, Msg::period_bad, {text + letter});
  }
  return Period(first_day(year, 1), last_day(year, 12), PeriodKind::year, letter);
}

Result<Period> Period::half_year(int year, int half) {
  std::string text = std::to_string(year) + " H" + std::to_string(half);
  if (!year_in_range(year)) return year_out_of_range(std::move(text));
  if (half < 1 || half > 2) return not_in_calendar(std::move(text));
  return Period(first_day(year, half * 6 - 5), last_day(year, half * 6), PeriodKind::half_year);
}

Result<Period> Period::quarter(int year, int quarter) {
  std::string text = std::to_string(year) + " Q" + std::to_string(quarter);
  if (!year_in_range(year)) return year_out_of_range(std::move(text));
  if (quarter < 1 || quarter > 4) return not_in_calendar(std::move(text));
  return Period(first_day(year, quarter * 3 - 2), last_day(year, quarter * 3), PeriodKind::quarter);
}

Result<Period> Period::month(int year, int month) {
  std::string text = std::to_string(year) + " M" + padded(month, 2);
  if (!year_in_range(year)) return year_out_of_range(std::move(text));
  if (month < 1 || month > 12) return not_in_calendar(std::move(text));
  return Period(first_day(year, month), last_day(year, month), PeriodKind::month);
}

Result<Period> Period::split_year(int first_year) {
  // 9999/00 would end in the year 10000.
  if (!year_in_range(first_year) || first_year == kLastYear) {
    return year_out_of_range(std::to_string(first_year));
  }
  return Period(first_day(first_year, 7), last_day(first_year + 1, 6), PeriodKind::split_year);
}

Result<Period> Period::year_span(int first_year, int last_year) {
  std::string text = std::to_string(first_year) + "-" + std::to_string(last_year);
  if (!year_in_range(first_year) || !year_in_range(last_year)) {
    return year_out_of_range(std::move(text));
  }
  if (first_year >= last_year) return not_forward(std::move(text));
  return Period(first_day(first_year, 1), last_day(last_year, 12), PeriodKind::year_span);
}

Result<Period> Period::split_year_span(int first_year, int last_first_year) {
  if (!year_in_range(first_year) || !year_in_range(last_first_year) ||
      last_first_year == kLastYear) {
    return year_out_of_range(std::to_string(first_year) + "-" + std::to_string(last_first_year));
  }
  if (first_year >= last_first_year) {
    return not_forward(split_year_text(first_year) + "-" + split_year_text(last_first_year));
  }
  return Period(first_day(first_year, 7), last_day(last_first_year + 1, 6),
                PeriodKind::split_year_span);
}

Result<Period> Period::date_range(Date start, Date end) {
  std::string text = date_text(start) + ".." + date_text(end);
  if (!year_in_range(static_cast<int>(start.year())) ||
      !year_in_range(static_cast<int>(end.year()))) {
    return year_out_of_range(std::move(text));
  }
  if (!start.ok() || !end.ok()) return not_in_calendar(std::move(text));
  if (start > end) return not_forward(std::move(text));
  return Period(start, end, PeriodKind::date_range);
}

std::string Period::text() const {
  const std::string first_year = padded(start_year(), 4);
  const int month = number_of(start_.month());
  switch (kind_) {
    case PeriodKind::year:
      return letter_ == '\0' ? first_year : first_year + letter_;
    case PeriodKind::half_year:
      return first_year + (month == 1 ? " H1" : " H2");
    case PeriodKind::quarter:
      return first_year + " Q" + std::to_string((month + 2) / 3);
    case PeriodKind::month:
      return first_year + " M" + padded(month, 2);
    case PeriodKind::split_year:
      return split_year_text(start_year());
    case PeriodKind::year_span:
      return first_year + "-" + padded(end_year(), 4);
    case PeriodKind::split_year_span:
      return split_year_text(start_year()) + "-" + split_year_text(end_year() - 1);
    case PeriodKind::date_range:
      break;
  }
  return start_ == end_ ? date_text(start_) : date_text(start_) + ".." + date_text(end_);
}

std::string Period::bytes() const {
  std::string bytes;
  const auto append = [&bytes](unsigned byte) { bytes.push_back(static_cast<char>(byte & 0xFF)); };
  const unsigned start = static_cast<unsigned>(start_year()) << 9 |
                         static_cast<unsigned>(start_.month()) << 5 |
                         static_cast<unsigned>(start_.day());
  append(start >> 16);
  append(start >> 8);
  append(start);

  const bool whole_months = ends_its_month(end_);
  const unsigned end = 2U * static_cast<unsigned>(month_number(end_) - month_number(start_)) +
                       (whole_months ? 1U : 0U);
  if (end < kLongEnd) {
    append(end);
  } else {
    append(kLongEnd | end >> 16);
    append(end >> 8);
    append(end);
  }

  if (!whole_months) {
    append(static_cast<unsigned>(end_.day()));
  } else if (kind_ == PeriodKind::date_range) {
    append(kDateRangeTail);
  } else if (letter_ != '\0') {
    bytes.push_back(letter_);
  }
  return bytes;
}

namespace {

/// The period that is no date range, starts on the first of `start_month` and lasts `months`
/// whole months.
std::optional<Result<Period>> period_of_months(int start_year, int start_month, int months,
                                               char letter) {
  if (months == 1) return Period::month(start_year, start_month);
  if (months == 3 && start_month % 3 == 1) return Period::quarter(start_year, start_month / 3 + 1);
  if (months == 6 && start_month % 6 == 1) {
    return Period::half_year(start_year, start_month / 6 + 1);
  }
  if (months % 12 != 0) return std::nullopt;
  const int last_first_year = start_year + months / 12 - 1;
  if (start_month == 1) {
    return months == 12 ? Period::year(start_year, letter)
                        : Period::year_span(start_year, last_first_year);
  }
  if (start_month == 7) {
    return months == 12 ? Period::split_year(start_year)
                        : Period::split_year_span(start_year, last_first_year);
  }
  return std::nullopt;
}

/// Reads the layout without caring whether it is the canonical one; the caller compares.
std::optional<Result<Period>> decode(std::string_view bytes) {
  const auto byte = [bytes](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[at]));
  };
  if (bytes.size() < 4) return std::nullopt;
  const unsigned start_bits = byte(0) << 16 | byte(1) << 8 | byte(2);
  const int start_year = static_cast<int>(start_bits >> 9);
  const int start_month = static_cast<int>(start_bits >> 5 & 0xF);
  const int start_day = static_cast<int>(start_bits & 0x1F);
  const Date start = date_of(start_year, start_month, start_day);
  if (!year_in_range(start_year) || !start.ok()) return std::nullopt;

  unsigned end = byte(3);
  std::string_view tail = bytes.substr(4);
  if (end >= kLongEnd) {
    if (bytes.size() < 6) return std::nullopt;
    end = (end & 0xF) << 16 | byte(4) << 8 | byte(5);
    tail = bytes.substr(6);
  }
  const int months = static_cast<int>(end / 2) + 1;
  const int end_month_number = month_number(start) + months - 1;
  const int end_year = end_month_number / 12;
  const int end_month = end_month_number % 12 + 1;
  if (!year_in_range(end_year) || tail.size() > 1) return std::nullopt;

  if (end % 2 == 0) {
    if (tail.empty()) return std::nullopt;
    return Period::date_range(start,
                              date_of(end_year, end_month, static_cast<unsigned char>(tail[0])));
  }
  if (!tail.empty() && static_cast<unsigned char>(tail[0]) == kDateRangeTail) {
    return Period::date_range(start, last_day(end_year, end_month));
  }
  return period_of_months(start_year, start_month, months, tail.empty() ? '\0' : tail[0]);
}

}  // namespace

Result<Period> Period::from_bytes(std::string_view bytes) {
  std::optional<Result<Period>> period = decode(bytes);
  // Comparing with bytes() is what makes the encoding unique, whatever decode lets pass.
  if (period && period->ok() && (*period)->bytes() == bytes) return *std::move(period);

  constexpr std::size_t kShownBytes = 16;
  std::string shown;
  for (std::size_t at = 0; at < std::min(bytes.size(), kShownBytes); ++at) {
    std::array<char, 3> hexadecimal{};
    std::snprintf(hexadecimal.data(), hexadecimal.size(), "%02X",
                  static_cast<unsigned>(static_cast<unsigned char>(bytes[at])));
    shown += hexadecimal.data();
  }
  if (bytes.size() > kShownBytes) shown += "…";
  return Status(Code::corrupt, Msg::period_bytes_bad, {std::move(shown)});
}

// Reading text: the text becomes a few tokens, and a table of shapes says what they mean.
namespace {

enum class TokenType { number, word, dash, slash, dot, dots };

struct Token {
  TokenType type;
  std::string word = {};    // word only, in lower case
  int digits = 0;           // number only: how many were written, at most kMostDigits
  int number = 0;           // number only
  bool upper_case = false;  // word only: some letter was a capital
  bool after_space = false;
};

constexpr std::size_t kMostTokens = 16;
constexpr int kMostDigits = 4;

struct Substitute {
  std::string_view from;
  char to;  // '\0' drops it
};

/// What people's editors and right-to-left fields put into text in place of ASCII.
constexpr Substitute kSubstitutes[] = {
    {"\u2010", '-'}, {"\u2011", '-'},  {"\u2012", '-'},  {"\u2013", '-'},  {"\u2014", '-'},
    {"\u2015", '-'}, {"\u2212", '-'},  {"\u00A0", ' '},  {"\u202F", ' '},  {"\u2009", ' '},
    {"\t", ' '},     {"\u200E", '\0'}, {"\u200F", '\0'}, {"\u061C", '\0'},
};

std::string plain_ascii(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto* found = std::find_if(
        std::begin(kSubstitutes), std::end(kSubstitutes),
        [text](const Substitute& substitute) { return text.starts_with(substitute.from); });
    if (found == std::end(kSubstitutes)) {
      plain.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    if (found->to != '\0') plain.push_back(found->to);
    text.remove_prefix(found->from.size());
  }
  return plain;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

/// Takes the token at the start of `text`, which is not a space.
std::optional<Token> take_token(std::string_view& text) {
  const auto take_while = [&text](bool (*belongs)(char)) {
    const auto* end = std::find_if_not(text.begin(), text.end(), belongs);
    std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
  };
  if (is_digit(text.front())) {
    Token token{.type = TokenType::number};
    const std::string_view digits = take_while(is_digit);
    if (digits.size() > kMostDigits) return std::nullopt;
    token.digits = static_cast<int>(digits.size());
    for (const char digit : digits) token.number = token.number * 10 + (digit - '0');
    return token;
  }
  if (is_letter(text.front())) {
    Token token{.type = TokenType::word};
    for (const char letter : take_while(is_letter)) {
      token.upper_case |= is_upper(letter);
      token.word.push_back(is_upper(letter) ? static_cast<char>(letter - 'A' + 'a') : letter);
    }
    return token;
  }
  const bool dots = text.starts_with("..");
  const char symbol = text.front();
  text.remove_prefix(dots ? 2 : 1);
  if (dots) return Token{.type = TokenType::dots};
  if (symbol == '-') return Token{.type = TokenType::dash};
  if (symbol == '/') return Token{.type = TokenType::slash};
  if (symbol == '.') return Token{.type = TokenType::dot};
  return std::nullopt;
}

std::optional<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  bool after_space = false;
  while (!text.empty()) {
    if (text.front() == ' ') {
      after_space = true;
      text.remove_prefix(1);
      continue;
    }
    std::optional<Token> token = take_token(text);
    if (!token || tokens.size() == kMostTokens) return std::nullopt;
    token->after_space = after_space;
    after_space = false;
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

/// 1..12, or 0 if `word` is no English month. Three letters are enough ("sept" is usual too).
int month_named(std::string_view word) {
  constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
  for (int month = 1; month <= 12; ++month) {
    const std::string_view name = kMonths[month - 1];
    if (word == name || word == name.substr(0, 3)) return month;
  }
  return word == "sept" ? 9 : 0;
}

/// What a shape found, in the order written.
using Numbers = std::vector<int>;

/// Whether `token` fits one letter of a shape; what it says is appended to `numbers`.
///
///   Y four digits      T two digits          D one or two digits     N English month
///   L lower-case letter right after a year   ~ "to", "..", dash      - / . h q m themselves
bool fits(char part, const Token& token, Numbers& numbers) {
  const auto number_of_digits = [&](int fewest, int most) {
    if (token.type != TokenType::number || token.digits < fewest || token.digits > most) {
      return false;
    }
    numbers.push_back(token.number);
    return true;
  };
  const bool word = token.type == TokenType::word;
  switch (part) {
    case 'Y':
      return number_of_digits(4, 4);
    case 'T':
      return number_of_digits(2, 2);
    case 'D':
      return number_of_digits(1, 2);
    case 'N': {
      const int month = word ? month_named(token.word) : 0;
      if (month != 0) numbers.push_back(month);
      return month != 0;
    }
    case 'L':
      if (!word || token.word.size() != 1 || token.upper_case || token.after_space) return false;
      numbers.push_back(token.word[0]);
      return true;
    case '~':
      return token.type == TokenType::dash || token.type == TokenType::dots ||
             (word && token.word == "to");
    case '-':
      return token.type == TokenType::dash;
    case '/':
      return token.type == TokenType::slash;
    case '.':
      return token.type == TokenType::dot;
    default:
      return word && token.word.size() == 1 && token.word[0] == part;
  }
}

std::optional<Numbers> match(std::string_view shape, const std::vector<Token>& tokens) {
  if (shape.size() != tokens.size()) return std::nullopt;
  Numbers numbers;
  for (std::size_t at = 0; at < shape.size(); ++at) {
    if (!fits(shape[at], tokens[at], numbers)) return std::nullopt;
  }
  return numbers;
}

bool consecutive(int year, int next_two_digits) { return (year + 1) % 100 == next_two_digits; }

/// A span whose last year has two digits: within the century, or just across its end.
Result<Period> short_span(int year, int two_digits) {
  int last_year = year - year % 100 + two_digits;
  if (last_year <= year) {
    last_year += 100;
    if (last_year - year + 1 > kLongestWrappedSpanYears) {
      if (two_digits < 1 || two_digits > 12) return not_forward("");
      const std::string month = padded(year, 4) + " M" + padded(two_digits, 2);
      return Status(Code::invalid, Msg::period_span_or_month, {"", month});
    }
  }
  return Period::year_span(year, last_year);
}

Result<Period> two_split_years(int first, int first_next, int last, int last_next) {
  if (!consecutive(first, first_next) || !consecutive(last, last_next)) {
    return Status(Code::invalid, Msg::period_bad, {""});
  }
  return Period::split_year_span(first, last);
}

struct Shape {
  std::string_view shape;
  Result<Period> (*make)(const Numbers& n);
};

Result<Period> make_half(const Numbers& n) { return Period::half_year(n[0], n[1]); }
Result<Period> make_half_first(const Numbers& n) { return Period::half_year(n[1], n[0]); }
Result<Period> make_quarter(const Numbers& n) { return Period::quarter(n[0], n[1]); }
Result<Period> make_quarter_first(const Numbers& n) { return Period::quarter(n[1], n[0]); }
Result<Period> make_month(const Numbers& n) { return Period::month(n[0], n[1]); }
Result<Period> make_month_first(const Numbers& n) { return Period::month(n[1], n[0]); }
Result<Period> make_year_span(const Numbers& n) { return Period::year_span(n[0], n[1]); }

Result<Period> make_iso_range(const Numbers& n) {
  return Period::date_range(date_of(n[0], n[1], n[2]), date_of(n[3], n[4], n[5]));
}

/// No two shapes fit the same tokens.
constexpr Shape kShapes[] = {
    {"Y", [](const Numbers& n) { return Period::year(n[0]); }},
    {"YL", [](const Numbers& n) { return Period::year(n[0], static_cast<char>(n[1])); }},
    // Spreadsheets turn a column of years into decimals: 2021.0.
    {"Y.D",
     [](const Numbers& n) -> Result<Period> {
       if (n[1] != 0) return Status(Code::invalid, Msg::period_bad, {""});
       return Period::year(n[0]);
     }},
    {"YhD", make_half},
    {"Y-hD", make_half},
    {"hDY", make_half_first},
    {"YqD", make_quarter},
    {"Y-qD", make_quarter},
    {"qDY", make_quarter_first},
    {"YT", make_month},
    {"YmD", make_month},
    {"Y-mD", make_month},
    {"YN", make_month},
    {"NY", make_month_first},
    {"Y/T",
     [](const Numbers& n) {
       return consecutive(n[0], n[1]) ? Period::split_year(n[0]) : short_span(n[0], n[1]);
     }},
    {"Y/Y",
     [](const Numbers& n) {
       return n[0] + 1 == n[1] ? Period::split_year(n[0]) : Period::year_span(n[0], n[1]);
     }},
    {"Y~Y", make_year_span},
    {"Y-T", [](const Numbers& n) { return short_span(n[0], n[1]); }},
    {"Y/T~Y/T", [](const Numbers& n) { return two_split_years(n[0], n[1], n[2], n[3]); }},
    {"Y/Y~Y/Y",
     [](const Numbers& n) -> Result<Period> {
       if (n[0] + 1 != n[1] || n[2] + 1 != n[3]) {
         return Status(Code::invalid, Msg::period_bad, {""});
       }
       return Period::split_year_span(n[0], n[2]);
     }},
    {"Y-T-T",
     [](const Numbers& n) {
       return Period::date_range(date_of(n[0], n[1], n[2]), date_of(n[0], n[1], n[2]));
     }},
    {"Y-T-T~Y-T-T", make_iso_range},
    {"Y-T-T/Y-T-T", make_iso_range},
    {"DNY",
     [](const Numbers& n) {
       return Period::date_range(date_of(n[2], n[1], n[0]), date_of(n[2], n[1], n[0]));
     }},
    {"D~DNY",
     [](const Numbers& n) {
       return Period::date_range(date_of(n[3], n[2], n[0]), date_of(n[3], n[2], n[1]));
     }},
    {"DN~DNY",
     [](const Numbers& n) {
       return Period::date_range(date_of(n[4], n[1], n[0]), date_of(n[4], n[3], n[2]));
     }},
    {"DNY~DNY",
     [](const Numbers& n) {
       return Period::date_range(date_of(n[2], n[1], n[0]), date_of(n[5], n[4], n[3]));
     }},
};

/// Whether `suffix` is nothing but closed brackets: "(baseline) [Note 9]".
bool is_bracketed(std::string_view suffix) {
  std::string open;
  for (const char c : suffix) {
    if (c == '(' || c == '[') {
      open.push_back(c);
    } else if (c == ')' || c == ']') {
      if (open.empty() || open.back() != (c == ')' ? '(' : '[')) return false;
      open.pop_back();
    } else if (open.empty() && c != ' ') {
      return false;
    }
  }
  return open.empty();
}

/// `text` short enough to be repeated in a message: a whole paragraph may sit in the cell.
std::string shown(std::string_view text) {
  constexpr std::size_t kMostBytes = 80;
  if (text.size() <= kMostBytes) return std::string(text);
  std::size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace

Result<ParsedPeriod> parse_period(std::string_view text) {
  const std::string_view whole = trim(text);
  const std::size_t bracket = std::min(whole.find_first_of("(["), whole.size());
  const std::string_view suffix = whole.substr(bracket);
  const Status unknown(Code::invalid, Msg::period_bad, {shown(whole)});
  if (!is_bracketed(suffix)) return unknown;

  const std::optional<std::vector<Token>> tokens =
      tokens_of(plain_ascii(western_digits(whole.substr(0, bracket))));
  if (!tokens) return unknown;
  for (const Shape& shape : kShapes) {
    const std::optional<Numbers> numbers = match(shape.shape, *tokens);
    if (!numbers) continue;
    Result<Period> period = shape.make(*numbers);
    if (period.ok()) return ParsedPeriod{*period, std::string(suffix)};
    // Tell the person what they wrote, not what was made of it.
    std::vector<std::string> arguments = period.status().arguments();
    arguments[0] = shown(whole);
    return Status(period.status().code(), period.status().message(), std::move(arguments));
  }
  return unknown;
}

}  // namespace daftar
