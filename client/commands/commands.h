// The commands of `daftar`: what each is told, and what it does. What people type is in
// command_line.cc.
//
// Each prints its result to standard output, as JSON with Session::as_json, and returns how it
// ended; main prints a failure and turns it into the exit code.
#pragma once

#include <string>
#include <vector>

#include "client/client_store.h"
#include "client/enrolment.h"
#include "common/base/clock.h"
#include "common/base/status.h"

namespace daftar::client {

class Line;

/// What every command gets.
struct Session {
  std::string folder;
  std::string ledger;  ///< "" for the only one, or the only administration's
  bool as_json = false;
  Clock* clock = nullptr;
  Line* line = nullptr;
};

struct InitOptions {
  std::string hub;   ///< where it enrols, HOST:PORT; "" for the usual or the present one
  std::string sync;  ///< where it syncs, HOST:PORT; "" for where the hub says
  std::string token;
  std::vector<std::string> ledgers;
  bool again = false;
};

struct PassphraseOptions {
  std::string new_file;  ///< "": asked for at the terminal
  bool remove = false;
};

struct ImportCommandOptions {
  std::vector<std::string> paths;
  std::string message;
  std::string context;
  bool again = false;
  bool dry_run = false;
};

struct ExportOptions {
  std::string folder;
  std::string as_of;
  std::string entries;
  bool replace = false;
};

struct ShowOptions {
  std::string record;
  std::string field;
  std::string kind;
  std::string as_of;
};

/// Of set and delete.
struct EditOptions {
  std::string record;
  std::vector<std::string> assignments;
  std::string message;
  std::string context;
  bool undo = false;
};

/// Of log and diff.
struct HistoryOptions {
  std::string record;
  std::string field;
  std::string from;
  std::string to;
  size_t most = 20;
};

struct ResolveOptions {
  std::string record;
  std::string field;
  std::string message;
  std::string value;
  std::string context;
  size_t take = 0;
  bool keep = false;
  bool has_value = false;  ///< --value was given; it may be empty
};

struct HeldOptions {
  uint64_t reapply = 0;  ///< seq, or 0
  uint64_t discard = 0;  ///< seq, or 0
  bool all = false;
  std::string message;
};

struct AuditOptions {
  std::vector<std::string> ledgers;  ///< none: all that are held
  std::string entries;               ///< an entries file instead
  std::string hub_key;
};

struct ReceiptOptions {
  std::string record;
  std::string field;
  uint64_t position = 0;  ///< instead of a record
  std::string out;
  bool replace = false;
};

struct VerifyOptions {
  std::string file;
  std::string hub_key;
  std::string cosigner;  ///< a key that must have cosigned
};

/// Of score and explain.
struct ScoreCommandOptions {
  std::string record;   ///< "": the administration
  std::string period;   ///< "": the newest in which something was measured
  std::string profile;  ///< profiles.h; "": the default one
  std::string as_of;
  std::vector<std::string> weights;  ///< "CODE=NUMBER", what if; score and explain
  std::string sector;                ///< score: of the organisations of a sector
  std::string ministry;              ///< score: of an organisation and those below it
  bool all = false;                  ///< score: the whole tree below
  bool verified = false;             ///< explain: the figure after verification
};

struct CheckCommandOptions {
  std::string record;  ///< "": everything
  bool all = false;    ///< those that were justified too
};

struct FindOptions {
  std::vector<std::string> words;
  size_t most = 20;
};

/// Of series and targets.
struct SeriesOptions {
  std::string record;  ///< targets: "" for all
};

struct ProfilesOptions {
  std::string propose;  ///< a .json file that becomes a new version
  std::string approve;  ///< "#7.3"
  std::string preview;  ///< as for score --profile
  std::string message;
};

struct AgentCommandOptions {
  std::string at = "02:00";  ///< local time
};

Status run_passphrase(const Session& session, const PassphraseOptions& options);
Status run_init(const Session& session, const InitOptions& options);
Status run_import(const Session& session, const ImportCommandOptions& options);
Status run_export(const Session& session, const ExportOptions& options);
Status run_show(const Session& session, const ShowOptions& options);
Status run_set(const Session& session, const EditOptions& options);
Status run_delete(const Session& session, const EditOptions& options);
Status run_log(const Session& session, const HistoryOptions& options);
Status run_diff(const Session& session, const HistoryOptions& options);
Status run_conflicts(const Session& session);
Status run_resolve(const Session& session, const ResolveOptions& options);
Status run_score(const Session& session, const ScoreCommandOptions& options);
Status run_explain(const Session& session, const ScoreCommandOptions& options);
Status run_check(const Session& session, const CheckCommandOptions& options);
Status run_find(const Session& session, const FindOptions& options);
Status run_series(const Session& session, const SeriesOptions& options);
Status run_targets(const Session& session, const SeriesOptions& options);
Status run_units(const Session& session);
Status run_share(const Session& session);
Status run_ministries(const Session& session);
Status run_profiles(const Session& session, const ProfilesOptions& options);
Status run_users(const Session& session);
Status run_status(const Session& session);
Status run_held(const Session& session, const HeldOptions& options);
Status run_audit(const Session& session, const AuditOptions& options);
Status run_receipt(const Session& session, const ReceiptOptions& options);
Status run_verify(const Session& session, const VerifyOptions& options);

/// What the commands need of the line to the hub. Where it is in another program, these do not
/// return unless that cannot be started.
class Line {
 public:
  virtual ~Line() = default;
  virtual Status sync(const Session& session) = 0;
  virtual Status agent(const Session& session, const AgentCommandOptions& options) = 0;
  virtual Result<Identity> enrol(const Session& session, const CertificateWish& wish,
                                 const SigningKey& key) = 0;
  /// Takes what the hub has, as the device that this disk is about to become; how it ended.
  virtual Status learn(const Session& session, ClientStore& store, const Identity& identity,
                       const SigningKey& key) = 0;
};

}  // namespace daftar::client
