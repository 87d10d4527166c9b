#include "common/ledger/chain.h"

#include "common/ledger/bytes.h"

namespace daftar {
namespace {

std::string seal_message(std::string_view ledger, const ChainPoint& newest, const TreeHead& seen) {
  std::string out = "daftar seal 1";
  put_bytes(out, ledger);
  put_n(out, newest.device);
  put_n(out, newest.seq);
  out += hash_bytes(newest.link);
  put_n(out, seen.size);
  out += hash_bytes(seen.root);
  return out;
}

}  // namespace

Hash chain_start(std::string_view ledger, DeviceNumber device, const PublicKey& key) {
  std::string out = "daftar chain 1";
  put_bytes(out, ledger);
  put_n(out, device);
  out.append(reinterpret_cast<const char*>(key.data()), key.size());
  return sha256(out);
}

Hash chain_next(const Hash& link, const Hash& changeset_hash) {
  std::string out(hash_bytes(link));
  out += hash_bytes(changeset_hash);
  return sha256(out);
}

Seal make_seal(const SigningKey& key, std::string_view ledger, const ChainPoint& newest,
               const TreeHead& seen) {
  return {seen, key.sign(seal_message(ledger, newest, seen))};
}

bool verify_seal(const PublicKey& key, std::string_view ledger, const ChainPoint& newest,
                 const Seal& seal) {
  return verify_signature(key, seal_message(ledger, newest, seal.seen), seal.signature);
}

}  // namespace daftar
