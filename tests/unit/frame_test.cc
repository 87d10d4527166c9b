#include "common/ledger/frame.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>
#include <string>
#include <vector>

#include "common/base/limits.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

// A frame made without the content size.
std::string frame_of_unknown_size(const std::string& plain) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string frame(ZSTD_compressBound(plain.size()), '\0');
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return frame;
}

std::string random_text(std::mt19937_64& random, size_t most) {
  std::string text(random() % (most + 1), '\0');
  for (char& c : text) c = static_cast<char>(random() % 16);
  return text;
}

TEST(FrameTest, WhatWasCompressedOpens) {
  std::mt19937_64 random(31);
  for (const size_t most : {0U, 1U, 100U, 100'000U}) {
    const std::string plain = random_text(random, most);
    const Result<std::string> opened = open_frame(compress_frame(plain), plain.size());
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, plain);
  }
}

TEST(FrameTest, AFrameSaysItsContentSizeAndHasAChecksum) {
  const std::string frame = compress_frame(std::string(1000, 'a'));
  EXPECT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), 1000U);
  std::string damaged = frame;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_FALSE(open_frame(damaged, 1000).ok());
}

TEST(FrameTest, MoreThanAllowedIsRefused) {
  const std::string frame = compress_frame(std::string(1000, 'a'));
  EXPECT_TRUE(open_frame(frame, 1000).ok());
  EXPECT_EQ(message_of(open_frame(frame, 999).status()), "frame.bad");
}

TEST(FrameTest, ABombIsRefusedBeforeItIsOpened) {
  const std::string bomb = compress_frame(std::string(256U * 1024 * 1024, '\0'));
  EXPECT_LT(bomb.size(), 64U * 1024);
  EXPECT_EQ(message_of(open_frame(bomb, limits::kPushFrameBytes).status()), "frame.bad");
  EXPECT_FALSE(decode_push_frame(bomb).ok());
  EXPECT_FALSE(decode_pull_frame(bomb).ok());
}

TEST(FrameTest, AFrameThatHoldsMoreThanItSaysIsRefused) {
  std::string lying = compress_frame(std::string(200, 'a'));
  ASSERT_EQ(static_cast<uint8_t>(lying[5]), 200) << "the content size is here";
  lying[5] = 100;
  EXPECT_FALSE(open_frame(lying, 1000).ok());
  lying[5] = static_cast<char>(201);
  EXPECT_FALSE(open_frame(lying, 1000).ok());
}

TEST(FrameTest, AnUnknownContentSizeIsRefused) {
  const std::string frame = frame_of_unknown_size(std::string(1000, 'a'));
  ASSERT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), ZSTD_CONTENTSIZE_UNKNOWN);
  EXPECT_EQ(message_of(open_frame(frame, 100'000).status()), "frame.bad");
}

TEST(FrameTest, NothingButOneWholeFrameIsAccepted) {
  const std::string frame = compress_frame(std::string(100, 'a') + "bcd");
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(open_frame(frame.substr(0, size), 1000).ok()) << size;
  }
  EXPECT_FALSE(open_frame(frame + '\0', 1000).ok());
  EXPECT_FALSE(open_frame(frame + frame, 1000).ok()) << "two frames";
  EXPECT_FALSE(open_frame("no frame at all", 1000).ok());
  const std::string skippable("\x50\x2A\x4D\x18\x02\x00\x00\x00xy", 10);
  EXPECT_FALSE(open_frame(skippable, 1000).ok()) << "a frame to be skipped";
  EXPECT_FALSE(open_frame(skippable + frame, 1000).ok());
}

TEST(FrameTest, DamagedFramesNeverCrash) {
  std::mt19937_64 random(32);
  const std::string frame = encode_push_frame({"one", "two", std::string(300, 'x')});
  for (int i = 0; i < 5'000; ++i) {
    std::string damaged = frame;
    for (size_t count = 1 + random() % 4; count > 0; --count) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    static_cast<void>(decode_push_frame(damaged));
    static_cast<void>(decode_pull_frame(damaged));
  }
}

TEST(FrameTest, PushedChangesetsReadBack) {
  const std::vector<std::string> changesets = {"one", std::string(100'000, 'x'), "three"};
  const Result<std::vector<std::string>> read_back =
      decode_push_frame(encode_push_frame(changesets));
  ASSERT_TRUE(read_back.ok());
  EXPECT_EQ(*read_back, changesets);
}

TEST(FrameTest, PulledEntriesReadBack) {
  const std::vector<WireEntry> entries = {
      {"header", "changeset", false}, {"own", "", true}, {"refused", "", false}};
  const Result<std::vector<WireEntry>> read_back = decode_pull_frame(encode_pull_frame(entries));
  ASSERT_TRUE(read_back.ok());
  ASSERT_EQ(read_back->size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ((*read_back)[i].header, entries[i].header);
    EXPECT_EQ((*read_back)[i].changeset, entries[i].changeset);
    EXPECT_EQ((*read_back)[i].is_left_out, entries[i].is_left_out);
  }
}

TEST(FrameTest, MalformedContentsAreRefused) {
  const std::string huge = n_bytes(limits::kChangesetBytes + 1);
  const struct {
    const char* what;
    std::string plain;
  } kPush[] = {
      {"nothing", ""},
      {"no changesets", std::string(1, '\0')},
      {"fewer than it says", "\2\1a"},
      {"more than it says", "\1\1a\1b"},
      {"a changeset beyond the end", "\1\5a"},
      {"more changesets than allowed", n_bytes(limits::kPushFrameChangesets + 1) +
                                           std::string(limits::kPushFrameChangesets + 1, '\0')},
      {"a changeset that is too large",
       "\1" + huge + std::string(limits::kChangesetBytes + 1, 'a')},
  };
  for (const auto& c : kPush) {
    EXPECT_FALSE(decode_push_frame(compress_frame(c.plain)).ok()) << c.what;
  }
  EXPECT_TRUE(decode_push_frame(compress_frame("\1\1a")).ok());
  const struct {
    const char* what;
    std::string plain;
  } kPull[] = {
      {"nothing", ""},
      {"no entries", std::string(1, '\0')},
      {"an unknown mark", std::string("\1\1h\2\1c", 6)},
      {"left out, and there", std::string("\1\1h\1\1c", 6)},
      {"fewer than it says", std::string("\2\1h\0\1c", 6)},
      {"a trailing byte", std::string("\1\1h\0\1cx", 7)},
      {"a count beyond all bytes", n_bytes(UINT64_MAX) + std::string("\1h\0\1c", 5)},
  };
  for (const auto& c : kPull) {
    EXPECT_FALSE(decode_pull_frame(compress_frame(c.plain)).ok()) << c.what;
  }
  EXPECT_TRUE(decode_pull_frame(compress_frame(std::string("\1\1h\0\1c", 6))).ok());
}

}  // namespace
}  // namespace daftar
