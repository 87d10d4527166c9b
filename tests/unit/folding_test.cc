#include "common/base/folding.h"

#include <gtest/gtest.h>

#include <string>

namespace daftar {
namespace {

TEST(FoldingTest, ArabicReadsTheSameHoweverItIsWritten) {
  const std::string plain = fold_text("نسبة الإنجاز");
  EXPECT_EQ(fold_text("نِسْبَةُ الإِنْجاز"), plain);              // vowel signs
  EXPECT_EQ(fold_text("نـسـبـة الانجاز"), plain);           // tatweel, alef without hamza
  EXPECT_EQ(fold_text("نسبه الأنجاز"), plain);              // ta marbuta, another hamza
  EXPECT_EQ(fold_text("نسبة ٱلإنجاز"), plain);              // alef wasla
  EXPECT_EQ(fold_text("\u200Fنسبة \u200Eالإنجاز"), plain);  // marks of direction
  EXPECT_EQ(fold_text("مستشفى"), fold_text("مستشفي"));
  EXPECT_EQ(fold_text("مستشفی"), fold_text("مستشفي"));  // Persian ya
  EXPECT_EQ(fold_text("کتاب"), fold_text("كتاب"));      // Persian kaf
  EXPECT_EQ(fold_text("بناء"), fold_text("بنا"));
  EXPECT_EQ(fold_text("مسؤول"), fold_text("مسوول"));
  EXPECT_EQ(fold_text("ﻻ"), fold_text("لا"));  // presentation forms
  EXPECT_NE(fold_text("علم"), fold_text("عمل"));
}

TEST(FoldingTest, DigitsOfAnyScript) {
  EXPECT_EQ(fold_text("٢٠٢٥"), "2025");
  EXPECT_EQ(fold_text("۲۰۲۵"), "2025");
}

TEST(FoldingTest, FrenchReadsTheSameWithoutAccents) {
  EXPECT_EQ(fold_text("Taux de Pauvreté"), "taux de pauvrete");
  EXPECT_EQ(fold_text("De\u0301penses"), "depenses");  // an accent of its own
  EXPECT_EQ(fold_text("L’œuvre « cœur »"), "l oeuvre coeur");
  EXPECT_EQ(fold_text("Ça, naïf!"), "ca naif");
}

TEST(FoldingTest, OneSpaceBetweenWordsAndNoneAround) {
  EXPECT_EQ(fold_text("  a -- b\t\nc. "), "a b c");
  EXPECT_EQ(fold_text("1.2.1"), "1 2 1");
  EXPECT_EQ(fold_text("…"), "");
  EXPECT_EQ(fold_text(""), "");
  EXPECT_EQ(fold_text("a\xFFz\xC3"), "a z");
}

}  // namespace
}  // namespace daftar
