// Who may write what, asked on the device: before it saves, and of what the hub has refused.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/register/authority.h"
#include "common/register/directory.h"
#include "common/store/ledger_store.h"

namespace daftar::client {

/// What a person is told of a cell that the role may not write.
struct Denial {
  std::string kind;
  std::string field;
  std::string who;  ///< the roles that may, "–" for none
};
/// Of the first such cell; nothing if the role may write them all.
std::optional<Denial> find_denial(Role role, const std::string& ledger,
                                  const std::vector<RecordEdits>& records);

/// Code::refused with the denial, if there is one: what the hub would refuse is not begun.
Status check_authority(Role role, const std::string& ledger,
                       const std::vector<RecordEdits>& records);

/// The directory that the ledger `national` has here, as far as it is confirmed.
Result<Directory> read_directory(LedgerStore& store, LedgerId national);
/// The same by the directory: Code::refused if a changeset writes what is another party's, appoints
/// wrongly, writes an approval again, or leaves nobody who can appoint. Whether this device is
/// known there is for the hub.
Status check_by_directory(const Directory& directory, const Changeset& changeset);

}  // namespace daftar::client
