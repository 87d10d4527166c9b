// Runs a fuzzer's checks over files, without libFuzzer: the corpus in every build, or one input
// that failed.
//
//   fuzz_NAME [--verdicts] FILE|FOLDER…
//
// Prints how many files were run; with --verdicts, for check_accepted.py, a line for each thing
// that was read: file, what it was, its bytes in hexadecimal, what the decoder made of it. Fails
// when there is no file: a test of nothing would always pass.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "common/ledger/hash.h"
#include "tests/fuzz/fuzz.h"

// Only libFuzzer mutates.
extern "C" size_t LLVMFuzzerMutate(uint8_t* /*data*/, size_t size, size_t /*max_size*/) {
  return size;
}

namespace {

// In the order of their names, so that every run is the same.
std::vector<std::filesystem::path> files_of(const std::vector<std::string>& arguments) {
  std::vector<std::filesystem::path> files;
  for (const std::string& argument : arguments) {
    if (!std::filesystem::is_directory(argument)) {
      files.emplace_back(argument);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool with_verdicts = !arguments.empty() && arguments.front() == "--verdicts";
  if (with_verdicts) arguments.erase(arguments.begin());
  const std::vector<std::filesystem::path> files = files_of(arguments);
  if (files.empty()) {
    std::fprintf(stderr, "usage: %s [--verdicts] FILE|FOLDER...\nThere is no file to run.\n",
                 argv[0]);
    return 2;
  }
  for (const std::filesystem::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 1;
    }
    if (!with_verdicts) std::fprintf(stderr, "%s\n", file.filename().c_str());
    daftar::fuzz::Verdicts verdicts;
    daftar::fuzz::judge(input, &verdicts);
    if (!with_verdicts) continue;
    for (const daftar::fuzz::Verdict& verdict : verdicts) {
      std::cout << file.filename().string() << '\t' << verdict.what << '\t'
                << daftar::to_hex(verdict.bytes) << '\t' << verdict.says << '\n';
    }
  }
  if (!with_verdicts) std::cout << files.size() << " files\n";
  return 0;
}
