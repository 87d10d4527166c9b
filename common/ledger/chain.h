// Each device's chain of changesets in a ledger, and the seals on it (FORMAT.md §4).
#pragma once

#include <string_view>

#include "common/ledger/changeset.h"
#include "common/ledger/keys.h"

namespace daftar {

/// link(0): where a device's chain in a ledger begins.
Hash chain_start(std::string_view ledger, DeviceNumber device, const PublicKey& key);

/// link(n) from link(n−1) and the hash of changeset n's bytes.
Hash chain_next(const Hash& link, const Hash& changeset_hash);
inline Hash chain_next(const Hash& link, std::string_view changeset_bytes) {
  return chain_next(link, sha256(changeset_bytes));
}

/// A ledger's size and Merkle root.
struct TreeHead {
  uint64_t size = 0;
  Hash root{};
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

/// A device's signature under one batch: the newest link, and the last checkpoint it has verified,
/// so that a hub which shows different pasts to two devices is found out.
struct Seal {
  TreeHead seen;
  Signature signature{};
  friend bool operator==(const Seal&, const Seal&) = default;
};

Seal make_seal(const SigningKey& key, std::string_view ledger, const ChainPoint& newest,
               const TreeHead& seen);
bool verify_seal(const PublicKey& key, std::string_view ledger, const ChainPoint& newest,
                 const Seal& seal);

}  // namespace daftar
