// The Merkle tree of RFC 6962: roots, the right edge, inclusion and consistency proofs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/hash.h"

namespace daftar {

/// The hash of the empty tree: SHA-256 of nothing.
Hash empty_root();
/// SHA-256(0x01 ‖ left ‖ right).
Hash node_hash(const Hash& left, const Hash& right);

/// The right edge of a growing tree: the roots of its largest complete subtrees, largest first; one
/// for each bit of the size. All that is needed to go on, and to know the root.
class RightEdge {
 public:
  [[nodiscard]] uint64_t size() const { return size_; }
  void append(const Hash& leaf);
  [[nodiscard]] Hash root() const;

  /// The hashes, one after the other; with size() this restores the edge.
  [[nodiscard]] std::string bytes() const;
  /// Code::corrupt unless there is one hash for each bit of `size`.
  static Result<RightEdge> from_bytes(uint64_t size, std::string_view bytes);

 private:
  uint64_t size_ = 0;
  std::vector<Hash> subtrees_;
};

/// Gives the leaf hash at an index (from 0).
using LeafSource = std::function<Hash(uint64_t index)>;

/// RFC 6962 §2.1.1 for the leaf `index` in the tree of the first `size` leaves; index < size. Costs
/// O(size) leaf reads: proofs are made rarely, and the leaves are at hand.
std::vector<Hash> inclusion_proof(const LeafSource& leaves, uint64_t index, uint64_t size);
/// RFC 6962 §2.1.2; 0 < first ≤ second.
std::vector<Hash> consistency_proof(const LeafSource& leaves, uint64_t first, uint64_t second);

/// Whether `proof` shows that `leaf` is at `index` of the tree of `size` leaves with `root`.
bool verify_inclusion(const Hash& leaf, uint64_t index, uint64_t size,
                      const std::vector<Hash>& proof, const Hash& root);
/// Whether `proof` shows that the tree (second, second_root) extends (first, first_root). An empty
/// first tree is refused: every tree extends it, and there is nothing to prove.
bool verify_consistency(uint64_t first, const Hash& first_root, uint64_t second,
                        const Hash& second_root, const std::vector<Hash>& proof);

}  // namespace daftar
