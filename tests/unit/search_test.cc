#include "common/register/search.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace daftar {
namespace {

class SearchTest : public testing::Test {
 protected:
  SearchTest() {
    index.add("1.2", {"School attendance", "الالتحاق بالمدارس", "Fréquentation scolaire"});
    index.add("1.2.1", {"Attendance of girls", "التحاق الفتيات", ""});
    index.add("11.2", {"Attendance", "", ""});
    index.add("2", {"", "التعليم العالي", "Enseignement supérieur"});
  }
  [[nodiscard]] std::vector<size_t> found(const std::string& typed) const {
    std::vector<size_t> items;
    for (const SearchHit& hit : index.find(typed)) items.push_back(hit.item);
    return items;
  }
  SearchIndex index;
};

using Items = std::vector<size_t>;

TEST_F(SearchTest, CodesBeforeNamesAndWholeBeforeParts) {
  EXPECT_EQ(found("1.2"), (Items{0, 1, 2}));
  EXPECT_EQ(found("attendance"), (Items{2, 1, 0}));
  EXPECT_EQ(found("١.٢"), (Items{0, 1, 2}));
}

TEST_F(SearchTest, EveryWordInAnyOrderAndLanguage) {
  EXPECT_EQ(found("school att"), Items{0});
  EXPECT_EQ(found("att school"), Items{0});
  EXPECT_EQ(found("girls school"), Items{});
  EXPECT_EQ(found("superieur"), Items{3});
  EXPECT_EQ(found("FREQUENTATION SCOL"), Items{0});
  EXPECT_EQ(found("تعليم"), Items{3});
  EXPECT_EQ(found("إلتحاق"), (Items{1, 0}));
}

TEST_F(SearchTest, NothingFindsNothing) {
  EXPECT_EQ(found(""), Items{});
  EXPECT_EQ(found(" -- "), Items{});
  EXPECT_EQ(found("zzz"), Items{});
  EXPECT_EQ(SearchIndex().find("a").size(), 0U);
}

}  // namespace
}  // namespace daftar
