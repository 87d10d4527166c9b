#include "common/base/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace daftar {
namespace {

TEST(ReportTest, EveryCodeHasAnExitCodeOfItsOwn) {
  std::set<int> codes;
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    const int exit = exit_code(static_cast<Code>(code));
    EXPECT_TRUE(codes.insert(exit).second) << "exit code " << exit << " twice";
    EXPECT_GE(exit, 0);
    EXPECT_LT(exit, 64);
  }
  EXPECT_EQ(exit_code(Code::ok), 0);
  EXPECT_EQ(exit_code(Code::internal), 1);
  EXPECT_EQ(exit_code(Code::exists), 13);
}

TEST(ReportTest, AFailureIsReportedWithItsExitCodeInWordsOrAsJson) {
  const Status status(Code::not_found, Msg::file_not_found, {"a \xFF file"});
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_failure(status, true), 3);
  const nlohmann::json object = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(object["error"]["id"], message_id(Msg::file_not_found));
  EXPECT_EQ(object["error"]["arguments"].size(), 1U);
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_failure(status, false), 3);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("a \xFF file"), std::string::npos);
}

TEST(ReportTest, TimesAreUtcWithMilliseconds) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(1'795'337'983'120), "2026-11-22T08:59:43.120Z");
}

}  // namespace
}  // namespace daftar
