// Receipts: the proof that one entry stands in a ledger, as a C2SP tlog-proof (FORMAT.md §10).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/changeset.h"
#include "common/ledger/entry.h"

namespace daftar {

/// What a receipt is made of.
struct ReceiptParts {
  std::string_view header;      ///< bytes of the entry …
  std::string_view changeset;   ///< … "" for a refused one
  uint64_t position = 0;        ///< from 1
  std::vector<Hash> inclusion;  ///< in the tree of the checkpoint
  std::string_view note;        ///< the checkpoint
};

/// What a receipt that holds proves.
struct Receipt {
  std::string hub;  ///< name
  std::string ledger;
  TreeHead head;     ///< of the checkpoint …
  std::string note;  ///< … which is this one, with its cosignatures
  EntryHeader header;
  std::optional<Changeset> changeset;  ///< nothing for a refused one
  std::string code;
};

std::string encode_receipt(const ReceiptParts& parts);

/// Checks a receipt with nothing but the hub's key. Code::corrupt, with what is wrong.
Result<Receipt> verify_receipt(std::string_view file, const PublicKey& hub_key);

/// "1042-7KQ3-F9XM-2B4D", of the entry whose leaf has this hash.
std::string receipt_code(uint64_t position, const Hash& leaf);

}  // namespace daftar
