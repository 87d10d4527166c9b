#include "client/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/limits.h"

namespace daftar::client {
namespace {

using Cells = std::vector<std::string>;

struct ReadCase {
  const char* name;
  std::string content;
  std::vector<Cells> rows;
  std::vector<uint64_t> lines;
};

TEST(CsvTest, ReadsRowsWithTheLineWhereTheyBegin) {
  const ReadCase cases[] = {
      {"plain", "a,b\nc,d\n", {{"a", "b"}, {"c", "d"}}, {1, 2}},
      {"no newline at the end", "a,b\nc,d", {{"a", "b"}, {"c", "d"}}, {1, 2}},
      {"windows lines", "a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}, {1, 2}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a\n",
       {{"a"}},
       {1}},
      {"blank lines", "a\n\n\r\nb\n\n", {{"a"}, {"b"}}, {1, 4}},
      {"spaces are kept", " a , b \n", {{" a ", " b "}}, {1}},
      {"empty cells", ",\n\"\",x,\n", {{"", ""}, {"", "x", ""}}, {1, 2}},
      {"quotes", "\"a,b\",\"say \"\"x\"\"\"\n", {{"a,b", "say \"x\""}}, {1}},
      {"lines in a cell", "\"a\n\nb\",c\nd,e\n", {{"a\n\nb", "c"}, {"d", "e"}}, {1, 4}},
      {"windows lines in a cell", "\"a\r\nb\"\r\nc\r\n", {{"a\r\nb"}, {"c"}}, {1, 3}},
      {"Arabic", "\"طرق, عام\"\n", {{"طرق, عام"}}, {1}},
      {"nothing", "", {}, {}},
  };
  for (const ReadCase& one : cases) {
    std::vector<Cells> rows;
    std::vector<uint64_t> lines;
    const Status read = read_csv(one.content, "file.csv", [&](CsvRow row) -> Status {
      rows.push_back(row.cells);
      lines.push_back(row.line);
      return {};
    });
    EXPECT_TRUE(read.ok()) << one.name;
    EXPECT_EQ(rows, one.rows) << one.name;
    EXPECT_EQ(lines, one.lines) << one.name;
  }
}

TEST(CsvTest, RefusesABadQuoteWithTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"a,b\nc,\"open\nand on\n", "2"},
      {"a\nb,x\"y\"\n", "2"},
      {"a\n\nb\n\"c\"d\n", "4"},
  };
  for (const auto& [content, line] : cases) {
    const Status read = read_csv(content, "file.csv", [](CsvRow) { return Status(); });
    ASSERT_EQ(read.code(), Code::invalid) << content;
    EXPECT_EQ(read.message(), Msg::csv_bad);
    EXPECT_EQ(read.arguments(), (std::vector<std::string>{"file.csv", line})) << content;
  }
}

TEST(CsvTest, ACarriageReturnAloneLosesNoRow) {
  std::vector<Cells> rows;
  const Status read = read_csv("a,b\rc,d\ne,f\n", "file.csv", [&](CsvRow row) -> Status {
    rows.push_back(row.cells);
    return {};
  });
  const std::vector<Cells> all = {{"a", "b"}, {"c", "d"}, {"e", "f"}};
  EXPECT_TRUE(!read.ok() || rows == all) << "read " << rows.size() << " rows without a word";
}

TEST(CsvTest, ARowBehindABareCarriageReturnKeepsItsLinesAndItsNumber) {
  std::vector<Cells> rows;
  std::vector<uint64_t> lines;
  ASSERT_TRUE(read_csv("x\na\r\"b\n\nc\"\nd\re", "file.csv", [&](CsvRow row) -> Status {
                rows.push_back(row.cells);
                lines.push_back(row.line);
                return {};
              }).ok());
  EXPECT_EQ(rows, (std::vector<Cells>{{"x"}, {"a"}, {"b\n\nc"}, {"d"}, {"e"}}));
  EXPECT_EQ(lines, (std::vector<uint64_t>{1, 2, 2, 5, 5}));
}

TEST(CsvTest, ARowOverTheLimitIsRefusedAlsoAcrossLines) {
  const std::string part(limits::kTableRowBytes / 2, 'x');
  for (const std::string& content :
       {part + part + "xx\n", "\"" + part + "\n" + part + "\n" + part + "\"\n"}) {
    EXPECT_EQ(read_csv(content, "f", [](CsvRow) { return Status(); }).code(), Code::invalid);
  }
}

TEST(CsvTest, StopsAtTheVisitorsFailure) {
  int rows = 0;
  const Status read = read_csv("a\nb\nc\n", "f", [&](CsvRow) -> Status {
    return ++rows == 2 ? Status(Code::cancelled, Msg::sync_cancelled) : Status();
  });
  EXPECT_EQ(read.code(), Code::cancelled);
  EXPECT_EQ(rows, 2);
}

TEST(CsvTest, WhatIsWrittenIsReadBack) {
  const std::vector<Cells> rows = {{"\xEF\xBB\xBFmark", "x"},  // at the file's start
                                   {""},                       // else a blank line
                                   {"plain", " spaces ", ""},
                                   {"a,b", "say \"x\"", "two\nlines"},
                                   {"", "", ""},
                                   {"\r\n", "\"", ","}};
  std::string out;
  for (const Cells& row : rows) write_csv_row(out, row);
  std::vector<Cells> read;
  ASSERT_TRUE(read_csv(out, "f", [&](CsvRow row) -> Status {
                read.push_back(row.cells);
                return {};
              }).ok());
  EXPECT_EQ(read, rows);
}

}  // namespace
}  // namespace daftar::client
