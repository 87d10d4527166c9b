#include "common/store/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/temp_folder.h"

namespace daftar {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(FilesTest, WritesAndReadsAWholeFile) {
  const TempFolder folder;
  const std::string path = folder / "file";
  EXPECT_EQ(read_file(path, 10).status().code(), Code::not_found);
  const std::string content("a\0\r\n\xFF", 5);
  ASSERT_TRUE(write_file(path, content, false).ok());
  EXPECT_EQ(*read_file(path, 5), content);
  EXPECT_EQ(read_file(path, 4).status().code(), Code::too_large);
  ASSERT_TRUE(write_file(path, "", false).ok());
  EXPECT_EQ(*read_file(path, 0), "");
  EXPECT_EQ(read_file(folder.path(), 10).status().code(), Code::invalid);
}

TEST(FilesTest, ReplacesAFileAtOnceAndLeavesNothingBeside) {
  const TempFolder folder;
  const std::string path = folder / "file";
  ASSERT_TRUE(write_file(path, "old", false).ok());
  const std::string link = folder / "link";
  fs::create_hard_link(path, link);
  ASSERT_TRUE(write_file(path, "new", false).ok());
  EXPECT_EQ(file_content(path), "new");
  EXPECT_EQ(file_content(link), "old") << "the old file was never written into";
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path())) ++files;
  EXPECT_EQ(files, 2U);
}

TEST(FilesTest, AFailureLeavesTheOldFile) {
  const TempFolder folder;
  EXPECT_EQ(write_file(folder / "no/such/folder/file", "x", false).code(), Code::io);
  const std::string path = folder / "taken";
  fs::create_directory(path);
  EXPECT_EQ(write_file(path, "x", false).code(), Code::io);
  EXPECT_TRUE(fs::is_directory(path));
}

TEST(FilesTest, APrivateFileIsItsOwnersAlone) {
  const TempFolder folder;
  ASSERT_TRUE(write_file(folder / "key", "secret", true).ok());
  EXPECT_EQ(mode_of(folder / "key"), 0600U);
  ASSERT_TRUE(write_file(folder / "open", "text", false).ok());
  ASSERT_TRUE(write_file(folder / "open", "secret", true).ok());
  EXPECT_EQ(mode_of(folder / "open"), 0600U);
}

TEST(FilesTest, APrivateFileIsItsOwnersAloneEvenOverWhatAPowerCutLeft) {
  const TempFolder folder;
  put_file(folder / "key.new", "half");
  fs::permissions(folder / "key.new", fs::perms(0644));
  ASSERT_TRUE(write_file(folder / "key", "secret", true).ok());
  EXPECT_EQ(mode_of(folder / "key"), 0600U);
}

TEST(FilesTest, AFolderIsPrivateWithItsParents) {
  const TempFolder folder;
  ASSERT_TRUE(make_private_folder(folder / "a/b").ok());
  EXPECT_EQ(mode_of(folder / "a/b"), 0700U);
  EXPECT_TRUE(make_private_folder(folder / "a/b").ok()) << "it is there already";
  put_file(folder / "file", "");
  EXPECT_EQ(make_private_folder(folder / "file/b").code(), Code::io);
}

TEST(FilesTest, ALockIsHeldByOneUntilItGoes) {
  const TempFolder folder;
  const std::string path = folder / "lock";
  auto first = FileLock::acquire(path);
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_FALSE(FileLock::acquire(path)->has_value());
  {
    const FileLock moved = *std::move(*first);
    EXPECT_FALSE(FileLock::acquire(path)->has_value()) << "moving keeps it";
  }
  EXPECT_TRUE(FileLock::acquire(path)->has_value());
  EXPECT_EQ(FileLock::acquire(folder / "no/lock").status().code(), Code::io);
}

}  // namespace
}  // namespace daftar
