// The test vectors of tests/vectors/format.json, made by this code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace daftar::vectors {

using Json = nlohmann::ordered_json;

/// All vectors, always the same.
Json make_vectors();

/// A small ledger with two devices and one that follows: contention, both rules about deletion, a
/// refused entry, foreign contexts whose link matches and does not, continues, an origin, seals.
Json make_ledger_vector();
/// A ledger without entries.
Json make_empty_ledger_vector();
/// Receipts of the small ledger's first entry, its refused one and its last.
Json make_receipt_vectors();

}  // namespace daftar::vectors
