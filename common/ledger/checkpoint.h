// Signed checkpoints: C2SP signed notes in the form of tlog-checkpoint (FORMAT.md §8).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/chain.h"

namespace daftar {

/// The signed note that says "the ledger `origin` has this size and root".
std::string make_checkpoint(const SigningKey& key, std::string_view origin, const TreeHead& head);

/// The size and root of `note`, if it is a checkpoint of `origin` with a valid signature by `key`;
/// Code::corrupt otherwise. Other lines and other people's signatures are allowed.
Result<TreeHead> verify_checkpoint(std::string_view note, std::string_view origin,
                                   const PublicKey& key);

/// The size in a note, its second line; 0 if there is none. Who signed it is not looked at.
uint64_t checkpoint_size(std::string_view note);

/// A signature line by another name under the same note (C2SP tlog-cosignature): at `time_s`
/// (seconds since 1970) its maker had seen no other past of that ledger, and nothing newer.
std::string make_cosignature(const SigningKey& key, std::string_view name, std::string_view note,
                             uint64_t time_s);

struct Cosignature {
  std::string name;
  uint64_t time_s = 0;
};

/// The cosignature by `key` on `note`, under any name; nothing if there is none that holds. The
/// note's own signature is not looked at.
std::optional<Cosignature> find_cosignature(std::string_view note, const PublicKey& key);

/// As which a device of this hub cosigns: "<hub name>/device/<number>".
std::string cosigner_name(std::string_view hub_name, DeviceNumber device);

/// The origin line of a hub's ledger: "<hub name>/<ledger>".
std::string checkpoint_origin(std::string_view hub_name, std::string_view ledger);

/// What a device that holds these ledgers up to these verified heads says it knows: 16 bytes that
/// change with any name, size or root (proto: HeadsRequest.known).
std::string known_token(const std::map<std::string, TreeHead>& ledgers);

/// Whether `name` can name a hub: 1–100 of a–z, 0–9, '.', '-'.
bool is_hub_name(std::string_view name);

}  // namespace daftar
