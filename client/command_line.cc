// What people type; what it does is in commands/.
//
// With the hub's main, the only file that includes CLI11, which is most of what a command would
// cost to compile.
#include "common/base/command_line.h"

#include <cstdlib>
#include <functional>
#include <memory>

#include "client/command_help.h"
#include "client/commands/commands.h"
#include "common/base/limits.h"
#include "common/base/report.h"

namespace daftar::client {
namespace {

constexpr uint64_t kMostSeq = uint64_t{1} << 62;

// The list of commands says the first line of each; `daftar COMMAND --help` says it all.
class BriefFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* sub) const override {
    const std::string help = sub->get_description();
    const std::string& name = sub->get_name();
    return "  " + name + std::string(name.size() < 11 ? 11 - name.size() : 1, ' ') +
           help.substr(0, help.find('\n')) + "\n";
  }
};

class CommandLine {
 public:
  CommandLine(Clock& clock, Line& line) : app_(kAbout), line_(line) {
    const char* home = std::getenv("HOME");
    session_.folder = (home == nullptr ? std::string(".") : std::string(home)) + "/.daftar";
    session_.clock = &clock;
    session_.line = &line;
    app_.formatter(std::make_shared<BriefFormatter>());
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--folder", session_.folder, "Where this office's Daftar is kept")
        ->envname("DAFTAR_FOLDER")
        ->capture_default_str();
    app_.add_option("--ledger", session_.ledger, "Which ledger, if the folder holds several")
        ->envname("DAFTAR_LEDGER");
    app_.add_flag("--json", session_.as_json, "Print JSON, with message ids");
    add_init();
    add_tables();
    add_show();
    add_scores();
    add_edits();
    add_history();
    add_conflicts();
    add_sync();
    add_passphrase();
    add_proofs();
  }

  int run(int count, char** arguments) {
    if (const std::optional<int> ended = parse_command_line(app_, count, arguments)) return *ended;
    const Status done = command_();
    return done.ok() ? 0 : report_failure(done, session_.as_json);
  }

 private:
  // A subcommand whose action gets the session and its options.
  template <typename Options>
  CLI::App* add(const char* name, const char* help, const std::shared_ptr<Options>& options,
                Status (*action)(const Session&, const Options&)) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->callback([this, options, action] {
      command_ = [this, options, action] { return action(session_, *options); };
    });
    return command;
  }

  void add(const char* name, const char* help, Status (*action)(const Session&)) {
    app_.add_subcommand(name, help)->callback([this, action] {
      command_ = [this, action] { return action(session_); };
    });
  }

  void add_init() {
    auto options = std::make_shared<InitOptions>();
    CLI::App* command = add("init", kInit, options, run_init);
    command->add_option("--hub", options->hub,
                        "Where the hub enrols, HOST:PORT; 127.0.0.1:7444 if not given");
    command->add_option("--sync", options->sync,
                        "Where the hub syncs, HOST:PORT, if not where it says itself");
    command->add_option("--token", options->token, "What `daftar-hub token` printed");
    command->add_option("--begin", options->ledgers,
                        "Ledgers to begin before the first sync, e.g. administration/industry");
    command->add_flag("--again", options->again,
                      "This disk is a copy: give it a number of its own");
  }

  void add_tables() {
    auto taken = std::make_shared<ImportCommandOptions>();
    CLI::App* import = add("import", kImport, taken, run_import);
    import->add_option("FILES", taken->paths, "Files or folders")->required();
    import->add_option("-m,--message", taken->message, "Why; kept with the changes for good");
    import->add_option("--context", taken->context, "What a dry run printed");
    import->add_flag("--again", taken->again, "Also files that were imported before");
    import->add_flag("--dry-run", taken->dry_run, "Say what would happen, write nothing");

    auto given = std::make_shared<ExportOptions>();
    CLI::App* out = add("export", kExport, given, run_export);
    out->add_option("FOLDER", given->folder, "Where the tables go");
    out->add_option("--as-of", given->as_of,
                    "The confirmed register at a position, or until a day or moment (UTC)");
    out->add_option("--entries", given->entries, "Write all entries to this file instead");
    out->add_flag("--replace", given->replace, "Write over tables or a file that are there");
  }

  void add_show() {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* command = add("show", kShow, options, run_show);
    command->add_option("RECORD", options->record,
                        "A code, #id, CODE@PERIOD, target:CODE@PERIOD, baseline:CODE, kpa:CODE");
    command->add_option("FIELD", options->field, "One field of the record");
    command->add_option("--kind", options->kind, "List all records of a kind, e.g. indicator");
    command->add_option("--as-of", options->as_of,
                        "The confirmed record at a position, or until a day or moment (UTC)");
  }

  void add_scores() {
    const auto add_shared = [](CLI::App* command, ScoreCommandOptions& options) {
      command->add_option("--period", options.period,
                          "e.g. 2026 H1; else the newest in which something was measured");
      command->add_option("--profile", options.profile,
                          "A code, #id of a profile's record, or a .json file: nothing is written");
      command->add_option("--weight", options.weights,
                          "What if: another weight, e.g. 1.2=3; nothing is written");
      command->add_option("--as-of", options.as_of,
                          "The confirmed register at a position, or until a day or moment (UTC)");
      command->add_option("--sector", options.sector, "All organisations of a sector instead")
          ->excludes("RECORD");
      command
          ->add_option("--ministry", options.ministry,
                       "An organisation's code: it and all below it instead")
          ->excludes("RECORD")
          ->excludes("--sector");
    };
    auto scored = std::make_shared<ScoreCommandOptions>();
    CLI::App* score = add("score", kScore, scored, run_score);
    score->add_option("RECORD", scored->record, "A kpa (kpa:1) or an indicator; else all of it");
    add_shared(score, *scored);
    score->add_flag("--all", scored->all, "Everything below it");
    auto explained = std::make_shared<ScoreCommandOptions>();
    CLI::App* explain = add("explain", kExplain, explained, run_explain);
    explain->add_option("RECORD", explained->record, "As for score");
    add_shared(explain, *explained);
    explain->add_flag("--verified", explained->verified, "The figure after verification");
    auto checked = std::make_shared<CheckCommandOptions>();
    CLI::App* check = add("check", kCheck, checked, run_check);
    check->add_option("RECORD", checked->record, "A kpa (kpa:1) or an indicator; else everything");
    check->add_flag("--all", checked->all, "What was justified, and older periods, too");
    auto series = std::make_shared<SeriesOptions>();
    add("series", kSeries, series, run_series)
        ->add_option("RECORD", series->record, "A kpa (kpa:1) or an indicator")
        ->required();
    auto helped = std::make_shared<SeriesOptions>();
    add("targets", kTargets, helped, run_targets)
        ->add_option("RECORD", helped->record, "An indicator; else all that have targets");
    add("units", "Units of measure that mean the same, and how they are written", run_units);
    add("share", kShare, run_share);
    auto found = std::make_shared<FindOptions>();
    CLI::App* find = add("find", kFind, found, run_find);
    find->add_option("WORDS", found->words, "Parts of a name or a code")->required();
    find->add_option("-n,--most", found->most, "How many to show")
        ->capture_default_str()
        ->check(CLI::Range(size_t{1}, size_t{1'000'000}));
  }

  void add_edits() {
    auto set = std::make_shared<EditOptions>();
    CLI::App* set_command = add("set", kSet, set, run_set);
    set_command->add_option("RECORD", set->record, "A code, #id, CODE@PERIOD, new:KIND, …")
        ->required();
    set_command->add_option("FIELD=VALUE", set->assignments, "What to write")->required();
    set_command->add_option("-m,--message", set->message, "Why; kept with the change for good");
    set_command->add_option("--context", set->context,
                            "What you had looked at, as `show` printed it; else what there is now");

    auto deleted = std::make_shared<EditOptions>();
    CLI::App* delete_command = add("delete", kDelete, deleted, run_delete);
    delete_command->add_option("RECORD", deleted->record, "As for set")->required();
    delete_command->add_option("-m,--message", deleted->message, "Why");
    delete_command->add_option("--context", deleted->context, "As for set");
    delete_command->add_flag("--undo", deleted->undo, "Bring a deleted record back");
  }

  void add_history() {
    auto logged = std::make_shared<HistoryOptions>();
    CLI::App* log = add("log", kLog, logged, run_log);
    log->add_option("RECORD", logged->record, "As for show");
    log->add_option("FIELD", logged->field, "One field of the record");
    log->add_option("-n,--most", logged->most, "Changesets at the most, without a RECORD")
        ->capture_default_str()
        ->check(CLI::Range(size_t{1}, size_t{1'000'000'000}));

    auto compared = std::make_shared<HistoryOptions>();
    CLI::App* diff = add("diff", kDiff, compared, run_diff);
    diff->add_option("FROM", compared->from, "A position or a time")->required();
    diff->add_option("TO", compared->to, "A position or a time");
  }

  void add_conflicts() {
    add("conflicts", kConflicts, run_conflicts);
    auto options = std::make_shared<ResolveOptions>();
    CLI::App* command = add("resolve", kResolve, options, run_resolve);
    command->add_option("RECORD", options->record, "As `conflicts` names it")->required();
    command->add_option("FIELD", options->field, "As `conflicts` names it")->required();
    command->add_option("--context", options->context,
                        "What `conflicts` printed: refuse if something came since");
    command->add_flag("--keep", options->keep, "The value that the cell reads now");
    command->add_option("--take", options->take, "The contender with this number")
        ->check(CLI::Range(size_t{1}, size_t{1'000'000}));
    command->add_option_function<std::string>(
        "--value",
        [options](const std::string& text) {
          options->value = text;
          options->has_value = true;
        },
        "Another value");
    command->add_option("-m,--message", options->message, "Why; kept with it for good");
  }

  void add_sync() {
    app_.add_subcommand("sync", kSync)->callback([this] {
      command_ = [this] { return line_.sync(session_); };
    });
    add("status", "What is confirmed, waiting, held and contended in each ledger, and since when",
        run_status);
    add("users", kUsers, run_users);
    add("ministries",
        "The organisations of national, by ministry, with their sectors and registers",
        run_ministries);
    auto profiles = std::make_shared<ProfilesOptions>();
    CLI::App* profiles_command = add("profiles", kProfiles, profiles, run_profiles);
    profiles_command->add_option("--propose", profiles->propose,
                                 "A file CODE.json becomes the next version of the profile CODE");
    profiles_command->add_option("--approve", profiles->approve, "The #id of a version");
    profiles_command->add_option("--preview", profiles->preview,
                                 "What a code, #id or .json file would say of all past periods");
    profiles_command->add_option("-m,--message", profiles->message, "Why");
    auto held = std::make_shared<HeldOptions>();
    CLI::App* held_command = add("held", kHeld, held, run_held);
    held_command
        ->add_option("--reapply", held->reapply, "Save this changeset again, as it was seen then")
        ->check(CLI::Range(uint64_t{1}, kMostSeq));
    held_command->add_option("--discard", held->discard, "Take this changeset off the list")
        ->check(CLI::Range(uint64_t{1}, kMostSeq))
        ->excludes("--reapply");
    held_command->add_flag("--all", held->all, "Those taken off the list too");
    held_command->add_option("-m,--message", held->message, "Why");

    auto agent = std::make_shared<AgentCommandOptions>();
    CLI::App* agent_command = app_.add_subcommand("agent", kAgent);
    agent_command->callback(
        [this, agent] { command_ = [this, agent] { return line_.agent(session_, *agent); }; });
    agent_command->add_option("--at", agent->at, "Local time, HH:MM")->capture_default_str();
  }

  void add_passphrase() {
    auto options = std::make_shared<PassphraseOptions>();
    CLI::App* command = add("passphrase", kPassphrase, options, run_passphrase);
    command->add_option("--new-file", options->new_file,
                        "Read the new one from this file's first line, instead of the terminal");
    command->add_flag("--remove", options->remove, "Seal the key no more")->excludes("--new-file");
  }

  void add_proofs() {
    auto audited = std::make_shared<AuditOptions>();
    CLI::App* audit = add("audit", kAudit, audited, run_audit);
    audit->add_option("LEDGER", audited->ledgers, "Ledgers held here; else all");
    audit->add_option("--entries", audited->entries, "A file of `daftar export --entries` instead")
        ->excludes("LEDGER");
    audit
        ->add_option("--hub-key", audited->hub_key,
                     "The hub's public key; else that of this folder")
        ->needs("--entries");

    auto made = std::make_shared<ReceiptOptions>();
    CLI::App* receipt = add("receipt", kReceipt, made, run_receipt);
    receipt->add_option("RECORD", made->record, "As for show");
    receipt->add_option("FIELD", made->field, "One field of the record");
    receipt->add_option("--position", made->position, "An entry by its position instead")
        ->check(CLI::Range(uint64_t{1}, kMostSeq));
    receipt->add_option("--out", made->out, "The file; else LEDGER-POSITION.tlog-proof");
    receipt->add_flag("--replace", made->replace, "Write over a file that is there");

    auto verified = std::make_shared<VerifyOptions>();
    CLI::App* verify = add("verify", kVerify, verified, run_verify);
    verify->add_option("FILE", verified->file, "A receipt")->required();
    verify->add_option("--hub-key", verified->hub_key,
                       "The hub's public key; else that of this folder");
    verify->add_option("--cosigner", verified->cosigner,
                       "A public key, such as Central Inspection's, that must have cosigned it");
  }

  CLI::App app_;
  Line& line_;
  Session session_;
  std::function<Status()> command_;
};

}  // namespace

int run_command_line(int count, char** arguments, Line& line) {
  SystemClock clock;
  const PlainOutput plain;
  return CommandLine(clock, line).run(count, arguments);
}

}  // namespace daftar::client
