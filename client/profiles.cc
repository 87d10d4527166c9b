#include "client/profiles.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "client/view.h"
#include "common/base/limits.h"
#include "common/ledger/hash.h"
#include "common/register/kinds.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

// What was first said in a cell, and by whom; nothing until the hub has confirmed it.
struct Word {
  Value value;
  UserNumber author = 0;
  uint64_t position = 0;
  uint64_t received_ms = 0;
};

// Everything that the hub has confirmed in a cell, oldest first: each word stays what it was,
// whatever one person writes there later.
Result<std::vector<Word>> words_in(View& view, const RecordKey& key, FieldNumber field,
                                   uint64_t until_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<HistoryItem> history, view.history(key, field));
  std::vector<Word> words;
  for (const HistoryItem& item : history) {
    const bool is_entered = item.position > 0 && item.outcome && !item.pending && !item.reason;
    if (!is_entered || item.received_ms > until_ms) continue;
    words.push_back({item.value, item.author, item.position, item.received_ms});
  }
  return words;
}

struct Approval {
  RecordKey profile;
  std::string content_hash;
  UserNumber author = 0;
  uint64_t position = 0;
};

Result<std::vector<RecordKey>> keys_of(View& view, KindNumber kind) {
  std::vector<RecordKey> keys;
  DAFTAR_RETURN_IF_ERROR(
      view.scan(kind_prefix(kind), [&](const RecordKey& key, const RecordState&) {
        keys.push_back(key);
        return Status();
      }));
  return keys;
}

// An approval says what it said first: of one profile, by one person.
Result<std::vector<Approval>> read_approvals(View& view, uint64_t until_ms) {
  std::vector<Approval> approvals;
  DAFTAR_ASSIGN_OR_RETURN(const auto keys, keys_of(view, kind::profile_approval));
  for (const RecordKey& key : keys) {
    DAFTAR_ASSIGN_OR_RETURN(const auto profiles,
                            words_in(view, key, field::profile_approval_profile, until_ms));
    DAFTAR_ASSIGN_OR_RETURN(const auto hashes,
                            words_in(view, key, field::profile_approval_content, until_ms));
    if (profiles.empty() || hashes.empty()) continue;
    const auto profile = profiles.front().value.as_reference();
    if (!profile || profiles.front().author != hashes.front().author) continue;
    approvals.push_back({*profile, value_text(hashes.front().value), hashes.front().author,
                         hashes.front().position});
  }
  return approvals;
}

uint64_t version_of(const Value& value) {
  constexpr double kMostVersion = 1e9;
  const auto number = value.as_decimal();
  return number && !number->negative()
             ? static_cast<uint64_t>(std::min(number->to_double(), kMostVersion))
             : 0;
}

// What an approval names: code and version belong to it.
std::string hash_of(const std::string& code, uint64_t version, const std::string& content) {
  return to_hex(hash_bytes(sha256(code + "\n" + std::to_string(version) + "\n" + content)));
}

// One version of a profile, as it was approved last; else as it was written last.
Result<std::optional<KnownProfile>> read_profile(View& view, const RecordKey& key,
                                                 const std::vector<Approval>& approvals,
                                                 uint64_t until_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const auto codes, words_in(view, key, field::profile_code, until_ms));
  DAFTAR_ASSIGN_OR_RETURN(const auto versions,
                          words_in(view, key, field::profile_version, until_ms));
  DAFTAR_ASSIGN_OR_RETURN(const auto contents,
                          words_in(view, key, field::profile_content, until_ms));
  if (codes.empty() || versions.empty() || contents.empty()) return std::optional<KnownProfile>();
  const std::string code = value_text(codes.front().value);
  const uint64_t version = version_of(versions.front().value);
  KnownProfile known;
  known.record = key;
  uint64_t approved_at = 0;
  for (const Word& content : contents) {
    const std::string text = value_text(content.value);
    const std::string hash = hash_of(code, version, text);
    std::vector<UserNumber> approvers;
    uint64_t at = 0;
    for (const Approval& approval : approvals) {
      // One person's word is no approval, whatever device it comes from.
      const bool is_anothers = approval.author != content.author &&
                               approval.author != codes.front().author &&
                               approval.author != versions.front().author;
      if (approval.profile != key || approval.content_hash != hash || !is_anothers) continue;
      approvers.push_back(approval.author);
      at = std::max(at, approval.position);
    }
    if (approved_at > 0 && at < approved_at) continue;
    approved_at = at;
    known.approvers = std::move(approvers);
    known.content_hash = hash;
    known.author = content.author;
    Result<Profile> read = parse_profile(text);
    known.problem = read.status();
    known.profile = read.ok() ? *std::move(read) : Profile();
  }
  known.profile.code = code;
  known.profile.version = version;
  return std::optional(std::move(known));
}

void judge(std::vector<KnownProfile>& profiles) {
  std::map<std::string, KnownProfile*> in_force;
  for (KnownProfile& known : profiles) {
    if (known.approvers.empty() || !known.problem.ok()) continue;
    KnownProfile*& best = in_force[known.profile.code];
    if (best == nullptr || best->profile.version < known.profile.version) best = &known;
  }
  for (const auto& [code, known] : in_force) known->is_in_force = true;
}

}  // namespace

Result<std::vector<KnownProfile>> known_profiles(ClientStore& store, uint64_t until_ms) {
  std::vector<KnownProfile> records;
  DAFTAR_ASSIGN_OR_RETURN(const auto national, store.held_ledger(kNational));
  if (national) {
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, national->id));
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<Approval> approvals, read_approvals(view, until_ms));
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> keys, keys_of(view, kind::profile));
    for (const RecordKey& key : keys) {
      DAFTAR_ASSIGN_OR_RETURN(std::optional<KnownProfile> known,
                              read_profile(view, key, approvals, until_ms));
      if (known) records.push_back(*std::move(known));
    }
    judge(records);
  }
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tie(a.profile.code, a.profile.version) <
           std::tie(b.profile.code, b.profile.version);
  });
  std::vector<KnownProfile> all;
  for (const Profile& preset : preset_profiles()) {
    KnownProfile known;
    known.profile = preset;
    known.is_in_force = std::none_of(records.begin(), records.end(), [&](const auto& record) {
      return record.is_in_force && record.profile.code == preset.code;
    });
    all.push_back(std::move(known));
  }
  all.insert(all.end(), records.begin(), records.end());
  return all;
}

Result<Profile> choose_profile(ClientStore& store, const std::string& name, uint64_t until_ms) {
  if (name.ends_with(".json")) {
    DAFTAR_ASSIGN_OR_RETURN(const std::string content, read_file(name, limits::kValueBytes));
    DAFTAR_ASSIGN_OR_RETURN(Profile profile, parse_profile(content));
    profile.code = name;
    return profile;
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<KnownProfile> all, known_profiles(store, until_ms));
  const std::string wanted = name.empty() ? default_profile().code : name;
  std::string names;
  for (const KnownProfile& known : all) {
    const bool is_meant = known.record && wanted == "#" + known.record->id();
    if (is_meant && !known.problem.ok()) return known.problem;
    if (is_meant || (known.is_in_force && known.profile.code == wanted)) return known.profile;
    if (known.is_in_force) names += (names.empty() ? "" : ", ") + known.profile.code;
  }
  return Status(Code::not_found, Msg::profile_unknown, {wanted, names});
}

}  // namespace daftar::client
