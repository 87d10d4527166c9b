// `national` replayed from its first entry, for an audit that asks who might write what there.
#pragma once

#include <memory>

#include "client/client_store.h"
#include "common/register/directory.h"
#include "common/store/audit.h"

namespace daftar::client {

class NationalReplay {
 public:
  /// Over what `store` holds of `national`; null if it does not hold that ledger.
  static Result<std::unique_ptr<NationalReplay>> begin(ClientStore& store);

  /// The directory after so many entries; null if there are fewer. Positions must not fall.
  /// Code::corrupt if an entry before breaks a rule.
  Result<const Directory*> at(uint64_t position);

 private:
  NationalReplay(ClientStore& store, LedgerInfo ledger, std::unique_ptr<Audit> audit)
      : store_(store), ledger_(std::move(ledger)), audit_(std::move(audit)) {}

  ClientStore& store_;
  LedgerInfo ledger_;
  std::unique_ptr<Audit> audit_;
  Directory directory_;
};

}  // namespace daftar::client
