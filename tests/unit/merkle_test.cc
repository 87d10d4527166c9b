#include "common/ledger/merkle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "common/ledger/keys.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

constexpr uint64_t kMost = 200;

const std::vector<Hash>& leaves() {
  static const std::vector<Hash> kLeaves = [] {
    std::vector<Hash> made;
    for (uint64_t i = 0; i < kMost; ++i) made.push_back(sha256(std::string(1, '\0') + n_bytes(i)));
    return made;
  }();
  return kLeaves;
}

Hash leaf_at(uint64_t index) { return leaves().at(index); }

// RFC 6962 §2.1, word by word.
Hash naive_root(uint64_t begin, uint64_t end) {
  if (begin == end) return sha256("");
  if (end - begin == 1) return leaf_at(begin);
  uint64_t split = 1;
  while (2 * split < end - begin) split *= 2;
  return node_hash(naive_root(begin, begin + split), naive_root(begin + split, end));
}

RightEdge edge_of(uint64_t size) {
  RightEdge edge;
  for (uint64_t i = 0; i < size; ++i) edge.append(leaf_at(i));
  return edge;
}

// Every way in which a proof can be a little wrong.
std::vector<std::vector<Hash>> spoilt(const std::vector<Hash>& proof) {
  std::vector<std::vector<Hash>> result;
  for (size_t i = 0; i < proof.size(); ++i) {
    result.push_back(proof);
    result.back()[i][i % 32] ^= 1;
  }
  result.push_back(proof);
  result.back().push_back(filled_hash(1));
  result.push_back(proof);
  result.back().insert(result.back().begin(), filled_hash(1));
  if (!proof.empty()) {
    result.emplace_back(proof.begin() + 1, proof.end());
    result.emplace_back(proof.begin(), proof.end() - 1);
  }
  return result;
}

TEST(MerkleTest, TheRightEdgeHasTheRootOfTheWholeTree) {
  RightEdge edge;
  EXPECT_EQ(edge.root(), empty_root());
  for (uint64_t size = 1; size <= kMost; ++size) {
    edge.append(leaf_at(size - 1));
    EXPECT_EQ(edge.size(), size);
    ASSERT_EQ(edge.root(), naive_root(0, size)) << size;
  }
}

TEST(MerkleTest, ARightEdgeGoesOnFromItsBytes) {
  for (uint64_t size = 0; size < kMost; ++size) {
    const std::string bytes = edge_of(size).bytes();
    Result<RightEdge> edge = RightEdge::from_bytes(size, bytes);
    ASSERT_TRUE(edge.ok()) << size;
    EXPECT_EQ(edge->size(), size);
    EXPECT_EQ(edge->root(), naive_root(0, size));
    EXPECT_EQ(edge->bytes(), bytes);
    edge->append(leaf_at(size));
    ASSERT_EQ(edge->root(), naive_root(0, size + 1)) << size;
  }
}

TEST(MerkleTest, ARightEdgeWithTheWrongNumberOfBytesIsRefused) {
  const std::string bytes = edge_of(11).bytes();  // three subtrees
  EXPECT_EQ(bytes.size(), 96U);
  for (const uint64_t size : {uint64_t{0}, uint64_t{8}, uint64_t{12}, uint64_t{15}, UINT64_MAX}) {
    EXPECT_EQ(RightEdge::from_bytes(size, bytes).status().code(), Code::corrupt) << size;
  }
  EXPECT_FALSE(RightEdge::from_bytes(11, bytes.substr(1)).ok());
  EXPECT_FALSE(RightEdge::from_bytes(11, bytes + "a").ok());
}

TEST(MerkleTest, InclusionOfEveryLeafIsProved) {
  std::mt19937_64 random(41);
  for (int i = 0; i < 60; ++i) {
    const uint64_t size = i < 20 ? static_cast<uint64_t>(i) + 1 : 1 + random() % kMost;
    const Hash root = naive_root(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = inclusion_proof(leaf_at, index, size);
      ASSERT_TRUE(verify_inclusion(leaf_at(index), index, size, proof, root))
          << index << "/" << size;
    }
  }
}

TEST(MerkleTest, AFalseInclusionIsRefused) {
  for (const uint64_t size : {1U, 2U, 3U, 7U, 8U, 13U, 100U}) {
    const Hash root = naive_root(0, size);
    for (uint64_t index = 0; index < size; index += 1 + size / 9) {
      const Hash leaf = leaf_at(index);
      const std::vector<Hash> proof = inclusion_proof(leaf_at, index, size);
      for (const auto& wrong : spoilt(proof)) {
        EXPECT_FALSE(verify_inclusion(leaf, index, size, wrong, root)) << index << "/" << size;
      }
      EXPECT_FALSE(verify_inclusion(filled_hash(1), index, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaf, index, size, proof, filled_hash(1)));
      EXPECT_FALSE(verify_inclusion(leaf, index + 1, size, proof, root)) << index << "/" << size;
      EXPECT_FALSE(verify_inclusion(leaf, size, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaf, UINT64_MAX, size, proof, root));
    }
  }
  EXPECT_FALSE(verify_inclusion(leaf_at(0), 0, 0, {}, empty_root()));
}

TEST(MerkleTest, EveryTreeExtendsItsBeginnings) {
  std::mt19937_64 random(42);
  for (int i = 0; i < 40; ++i) {
    const uint64_t second = i < 17 ? static_cast<uint64_t>(i) + 1 : 1 + random() % kMost;
    for (uint64_t first = 1; first <= second; ++first) {
      const std::vector<Hash> proof = consistency_proof(leaf_at, first, second);
      ASSERT_TRUE(
          verify_consistency(first, naive_root(0, first), second, naive_root(0, second), proof))
          << first << " to " << second;
    }
  }
}

TEST(MerkleTest, AFalseExtensionIsRefused) {
  for (const uint64_t second : {1U, 2U, 3U, 4U, 7U, 8U, 13U, 100U}) {
    const Hash new_root = naive_root(0, second);
    for (uint64_t first = 1; first <= second; first += 1 + second / 9) {
      const Hash old_root = naive_root(0, first);
      const std::vector<Hash> proof = consistency_proof(leaf_at, first, second);
      for (const auto& wrong : spoilt(proof)) {
        EXPECT_FALSE(verify_consistency(first, old_root, second, new_root, wrong))
            << first << " to " << second;
      }
      EXPECT_FALSE(verify_consistency(first, filled_hash(1), second, new_root, proof));
      EXPECT_FALSE(verify_consistency(first, old_root, second, filled_hash(1), proof));
      EXPECT_FALSE(verify_consistency(second + 1, old_root, second, new_root, proof));
    }
  }
}

TEST(MerkleTest, NothingIsProvedAboutAnEmptyTree) {
  EXPECT_FALSE(verify_consistency(0, empty_root(), 5, naive_root(0, 5), {}));
  EXPECT_FALSE(verify_consistency(0, empty_root(), 0, empty_root(), {}));
}

// ---- published vectors (README.md in their folder); the runner runs these where they are

namespace fs = std::filesystem;

class MerkleVectors : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("DAFTAR_TEST_DATA");
    ASSERT_NE(data, nullptr) << "DAFTAR_TEST_DATA is not set; leave MerkleVectors.* out without it";
    folder_ = fs::path(data) / "merkle-vectors";
    ASSERT_TRUE(fs::is_directory(folder_)) << folder_;
  }

  static nlohmann::json read(const fs::path& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
  }

  /// Some vectors have texts such as "don't care 1" for hashes: each stands for a hash of its own.
  /// An empty one never becomes a Hash here: `is_well_formed_`.
  Hash hash_of(const nlohmann::json& base64) {
    const std::string bytes = base64.is_null() ? "" : *from_base64(base64.get<std::string>());
    if (bytes.empty()) is_well_formed_ = false;
    return bytes.size() == sizeof(Hash) ? hash_from_bytes(bytes) : sha256(bytes);
  }

  std::vector<Hash> proof_of(const nlohmann::json& vector) {
    std::vector<Hash> proof;
    if (vector.at("proof").is_null()) return proof;
    for (const nlohmann::json& hash : vector.at("proof")) proof.push_back(hash_of(hash));
    return proof;
  }

  // Calls `verify` with each file of a folder; returns how many there were.
  template <typename Verify>
  int for_each(const char* name, const Verify& verify) {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / name)) {
      if (entry.path().extension() != ".json") continue;
      const nlohmann::json vector = read(entry.path());
      is_well_formed_ = true;
      const bool is_proof = verify(vector);
      EXPECT_EQ(is_proof && is_well_formed_, !vector.at("wantErr").get<bool>()) << entry.path();
      ++count;
    }
    return count;
  }

  fs::path folder_;
  bool is_well_formed_ = true;
};

TEST_F(MerkleVectors, Inclusion) {
  const int count = for_each("inclusion", [this](const nlohmann::json& vector) {
    return verify_inclusion(hash_of(vector.at("leafHash")), vector.at("leafIdx").get<uint64_t>(),
                            vector.at("treeSize").get<uint64_t>(), proof_of(vector),
                            hash_of(vector.at("root")));
  });
  EXPECT_EQ(count, 98);
}

TEST_F(MerkleVectors, Consistency) {
  const int count = for_each("consistency", [this](const nlohmann::json& vector) {
    return verify_consistency(vector.at("size1").get<uint64_t>(), hash_of(vector.at("root1")),
                              vector.at("size2").get<uint64_t>(), hash_of(vector.at("root2")),
                              proof_of(vector));
  });
  EXPECT_EQ(count, 98);
}

TEST_F(MerkleVectors, ReferenceRoots) {
  const nlohmann::json reference = read(folder_ / "rfc6962_reference_roots.json");
  EXPECT_EQ(to_hex(empty_root()), reference.at("empty_root_hex"));
  const auto& inputs = reference.at("leaf_inputs_hex");
  const auto& roots = reference.at("root_hashes_hex_size1_to_8");
  ASSERT_EQ(inputs.size(), 8U);
  ASSERT_EQ(roots.size(), 8U);
  RightEdge edge;
  for (size_t i = 0; i < inputs.size(); ++i) {
    edge.append(sha256(std::string(1, '\0') + from_hex(inputs[i].get<std::string>())));
    EXPECT_EQ(to_hex(edge.root()), roots[i]) << i + 1;
  }
}

}  // namespace
}  // namespace daftar
