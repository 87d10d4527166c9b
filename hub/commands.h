// The commands of `daftar-hub`: what each is told, and what it does. What people type is in
// main.cc.
//
// Each prints its result to standard output, as JSON with Options::as_json, and returns how it
// ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "hub/hub_store.h"

namespace daftar::hub {

struct Options {
  std::string folder = "hub";
  bool as_json = false;
  std::string name = "hub";
  std::string listen = "127.0.0.1:7443";
  std::string enrol_listen;
  int sync_port = 0;
  std::string ledger;
  std::string root_key;
  std::string proxy_folder;
  std::string label;
  std::string party;
  std::string role;
  uint64_t user = 0;
  uint64_t device = 0;
  uint64_t number = 0;
  uint64_t minutes = 15;
  bool all_ledgers = false;
  bool is_lost = false;
  bool is_restored = false;
  bool stops_waiting = false;
  std::vector<std::string> given_up;  ///< ledgers
  std::vector<std::string> ledgers;
};

Result<std::unique_ptr<HubStore>> open_store(const Options& options);

Status init(const Options& options);
Status serve(const Options& options);
Status add_ledger(const Options& options);
Status list_ledgers(const Options& options);
Status give_token(const Options& options);
Status renew_certificate(const Options& options);
Status equip_proxy(const Options& options);
Status revoke_device(const Options& options);
Status grant_device(const Options& options);
Status list_devices(const Options& options);

}  // namespace daftar::hub
