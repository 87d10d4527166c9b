// What the hub answers, without gRPC: the adapter in server.cc only carries the messages.
//
// Reads go to a HubStore of the service's own and see what is committed; writes go to the Writer.
// Safe for several threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/trust/certificate.h"
#include "daftar/v1/hub.pb.h"
#include "hub/hub_store.h"
#include "hub/writer.h"

namespace daftar::hub {

/// One pull: gives reply after reply.
class PullCursor {
 public:
  explicit PullCursor(std::vector<v1::PullFrom> ledgers) : ledgers_(std::move(ledgers)) {}

 private:
  friend class Service;
  std::vector<v1::PullFrom> ledgers_;
  size_t at_ = 0;          ///< index into ledgers_
  bool is_begun_ = false;  ///< whether the ledger at at_ has its end and left-out seq
  uint64_t end_ = 0;
  uint64_t left_out_seq_ = 0;
};

class Service {
 public:
  Service(std::unique_ptr<HubStore> store, HubIdentity identity, Writer& writer);

  /// The registered, not revoked device with that number; Code::refused otherwise.
  Result<Device> authenticate(DeviceNumber number);
  /// The same by a certificate that goes back to the root: its key must be the registered one.
  Result<Device> authenticate(const CertificateTerms& shown);

  Result<v1::HeadsReply> heads(const Device& device, const v1::HeadsRequest& request);

  /// Calls `done` once, from this thread or the writer's.
  void push(const Device& device, const v1::PushRequest& request, Writer::PushDone done);

  PullCursor pull(const v1::PullRequest& request);
  /// The next reply; nothing at the end. Ledgers that are not granted are passed over.
  Result<std::optional<v1::PullReply>> next(const Device& device, PullCursor& cursor);

  /// Calls `done` once with the number of entries that were missing.
  void recover(const Device& device, const v1::RecoverRequest& request, Writer::RecoveryDone done);

 private:
  Result<v1::LedgerHead> ledger_head(const Device& device, const std::string& name, LedgerId id,
                                     const LedgerRow& row);
  Status take_shown(const Device& device, const std::map<std::string, LedgerRow>& rows,
                    const v1::HeadsRequest& request);
  Status take_cosignatures(const Device& device, const std::map<std::string, LedgerId>& granted,
                           const v1::HeadsRequest& request);
  Result<std::string> cosigned(const std::string& name, LedgerId id);
  Status begin_ledger(const Device& device, LedgerId id, PullCursor& cursor);
  Status add_key(DeviceNumber number, v1::PullReply& reply);
  const std::string& checkpoint(const std::string& ledger, const TreeHead& head);
  Result<v1::PullReply> read_frame(const Device& device, LedgerId id, PullCursor& cursor);

  std::mutex mutex_;  ///< over store_
  std::unique_ptr<HubStore> store_;
  HubIdentity identity_;
  Writer& writer_;
  /// By ledger, the note signed last: all devices of a ledger ask for the same one.
  std::map<std::string, std::pair<TreeHead, std::string>> checkpoints_;
};

}  // namespace daftar::hub
