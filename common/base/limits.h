// Every limit of Daftar, with its reason. Both sides check them: the device before it saves, the
// hub before it enters, the decoder before it allocates.
#pragma once

#include <cstddef>
#include <cstdint>

namespace daftar::limits {

/// A value: the longest definition in real registers is 3 kB; narrative sections need some pages.
constexpr size_t kValueBytes = 64 * 1024;
/// Lists inside lists in one value.
constexpr int kValueDepth = 4;
/// A changeset's message: a few sentences.
constexpr size_t kMessageBytes = 4 * 1024;
/// A file's or sheet's name.
constexpr size_t kNameBytes = 1024;
/// `administration/…`, `sector/…`: long enough for a readable slug.
constexpr size_t kLedgerNameBytes = 100;
/// Canonical bytes of a period are far shorter.
constexpr size_t kQualifierBytes = 64;
/// Device and user numbers: far above any, small enough that the next one never wraps.
constexpr uint64_t kNumber = 1'000'000'000;
/// Fields of one kind: far above any table, small enough for dense arrays.
constexpr uint32_t kField = 9'999;
/// Edits in a changeset: one save of a screen is tens; an import is cut at this size, so that one
/// refused row holds back no more than this.
constexpr size_t kChangesetEdits = 5'000;
/// A changeset's bytes: room for kChangesetEdits of ordinary size, bounded memory for the decoder.
constexpr size_t kChangesetBytes = 1024 * 1024;
/// A pushed batch before compression: one durable commit at the hub.
constexpr size_t kPushFrameBytes = 4 * 1024 * 1024;
/// Changesets in a pushed batch.
constexpr size_t kPushFrameChangesets = 4'000;
/// A pulled batch before compression: the pushes of one group commit with their headers.
constexpr size_t kPullFrameBytes = 16 * 1024 * 1024;
/// A compressed frame: below gRPC's message limit of kMessageWireBytes with room for the rest.
constexpr size_t kCompressedFrameBytes = 17 * 1024 * 1024;
/// gRPC's message size on both sides.
constexpr size_t kMessageWireBytes = 18 * 1024 * 1024;
/// Ledgers that one device holds: Central Inspection holds one or two for each administration.
constexpr size_t kLedgersOfDevice = 2'000;
/// A header: outcomes take at most 3 bytes an edit.
constexpr size_t kHeaderBytes = 32 * 1024;
/// A table file for import: ten times the largest national data set seen.
constexpr size_t kTableBytes = 512 * 1024 * 1024;
/// A row of a table: a definition of 3 kB in three languages, with room.
constexpr size_t kTableRowBytes = 1024 * 1024;

/// A signed note: a hub's signature and those of many cosigners.
constexpr size_t kNoteBytes = 64 * 1024;
/// An entries file for an audit: the largest national history with decades to come.
constexpr size_t kEntriesFileBytes = size_t{4} * 1024 * 1024 * 1024;
/// Certificates as PEM: a chain of three takes 2 kB.
constexpr size_t kCertificateBytes = 16 * 1024;
/// A receipt: one entry in base64, 64 hashes and a note.
constexpr size_t kReceiptBytes = 2 * 1024 * 1024;

}  // namespace daftar::limits
