#include "common/ledger/merkle.h"

#include <bit>

namespace daftar {
namespace {

// The root of the leaves [begin, end), end > begin.
Hash subtree_root(const LeafSource& leaves, uint64_t begin, uint64_t end) {
  RightEdge edge;
  for (uint64_t i = begin; i < end; ++i) edge.append(leaves(i));
  return edge.root();
}

// The largest power of two below `size`; size > 1.
uint64_t split_of(uint64_t size) { return std::bit_floor(size - 1); }

void add_inclusion(const LeafSource& leaves, uint64_t index, uint64_t begin, uint64_t end,
                   std::vector<Hash>& proof) {
  if (end - begin == 1) return;
  const uint64_t middle = begin + split_of(end - begin);
  if (index < middle) {
    add_inclusion(leaves, index, begin, middle, proof);
    proof.push_back(subtree_root(leaves, middle, end));
  } else {
    add_inclusion(leaves, index, middle, end, proof);
    proof.push_back(subtree_root(leaves, begin, middle));
  }
}

// SUBPROOF of RFC 6962: `whole` while [begin, first) is a tree whose root the verifier knows.
void add_consistency(const LeafSource& leaves, uint64_t first, uint64_t begin, uint64_t end,
                     bool whole, std::vector<Hash>& proof) {
  if (first == end) {
    if (!whole) proof.push_back(subtree_root(leaves, begin, end));
    return;
  }
  const uint64_t middle = begin + split_of(end - begin);
  if (first <= middle) {
    add_consistency(leaves, first, begin, middle, whole, proof);
    proof.push_back(subtree_root(leaves, middle, end));
  } else {
    add_consistency(leaves, first, middle, end, false, proof);
    proof.push_back(subtree_root(leaves, begin, middle));
  }
}

}  // namespace

Hash empty_root() { return sha256(""); }

Hash node_hash(const Hash& left, const Hash& right) {
  std::string node(1, '\1');
  node += hash_bytes(left);
  node += hash_bytes(right);
  return sha256(node);
}

void RightEdge::append(const Hash& leaf) {
  Hash hash = leaf;
  for (uint64_t complete = size_; (complete & 1) != 0; complete >>= 1) {
    hash = node_hash(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  ++size_;
}

Hash RightEdge::root() const {
  if (subtrees_.empty()) return empty_root();
  Hash root = subtrees_.back();
  for (size_t i = subtrees_.size() - 1; i-- > 0;) root = node_hash(subtrees_[i], root);
  return root;
}

std::string RightEdge::bytes() const {
  std::string out;
  for (const Hash& hash : subtrees_) out += hash_bytes(hash);
  return out;
}

Result<RightEdge> RightEdge::from_bytes(uint64_t size, std::string_view bytes) {
  if (bytes.size() != sizeof(Hash) * static_cast<size_t>(std::popcount(size))) {
    return Status(Code::corrupt, Msg::right_edge_bad, {std::to_string(size)});
  }
  RightEdge edge;
  edge.size_ = size;
  for (size_t i = 0; i < bytes.size(); i += sizeof(Hash)) {
    edge.subtrees_.push_back(hash_from_bytes(bytes.substr(i, sizeof(Hash))));
  }
  return edge;
}

std::vector<Hash> inclusion_proof(const LeafSource& leaves, uint64_t index, uint64_t size) {
  std::vector<Hash> proof;
  add_inclusion(leaves, index, 0, size, proof);
  return proof;
}

std::vector<Hash> consistency_proof(const LeafSource& leaves, uint64_t first, uint64_t second) {
  std::vector<Hash> proof;
  add_consistency(leaves, first, 0, second, true, proof);
  return proof;
}

bool verify_inclusion(const Hash& leaf, uint64_t index, uint64_t size,
                      const std::vector<Hash>& proof, const Hash& root) {
  if (index >= size) return false;
  // RFC 9162 §2.1.3.2: walk up from the leaf; `last` is the last index of the level.
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(uint64_t first, const Hash& first_root, uint64_t second,
                        const Hash& second_root, const std::vector<Hash>& proof) {
  if (first == 0 || first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  // RFC 9162 §2.1.4.2. A first tree that is a complete subtree is its own first node.
  std::vector<Hash> path = proof;
  if (std::has_single_bit(first)) path.insert(path.begin(), first_root);
  if (path.empty()) return false;
  uint64_t node = first - 1;
  uint64_t last = second - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = path[0];
  Hash new_hash = path[0];
  for (size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(path[i], old_hash);
      new_hash = node_hash(path[i], new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, path[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == first_root && new_hash == second_root;
}

}  // namespace daftar
