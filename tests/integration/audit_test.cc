// The audit says good of the truth, and of nothing else: lies that a hub may tell under its own
// signature, every byte changed, every truncation, and a device's own damaged database.
#include "client/audit.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "client/export.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entries_file.h"
#include "common/ledger/merkle.h"
#include "common/register/kinds.h"
#include "common/store/files.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(1, 2);
const RecordKey kLocked = indicator_key(1, 3);

struct Told {
  EntryHeader header;
  std::string changeset;
};

/// What a hub says: entries, keys, and the checkpoint that it signs over them.
struct Story {
  std::vector<Told> entries;
  std::map<DeviceNumber, PublicKey> keys;
  std::string origin = checkpoint_origin("hub.test", kTransport);
  SigningKey hub = test_key('h');
  PublicKey known_key{};  ///< by which it is audited
  std::optional<TreeHead> claimed;
  std::optional<Hash> digest;
};

// 1 and 2 by the first device in one batch, 3 by the second, which had not seen them (contended), 4
// agreed, 5 refused, 6 settles, 7 of a third device whose context names the first one's changeset.
class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    world.hub.authority = [](const Changeset& changeset, uint64_t) {
      const bool is_locked = changeset.records[0].key == kLocked;
      return is_locked ? std::optional(RefusalReason::period_locked) : std::nullopt;
    };
    TestDevice& first = world.add_device();
    TestDevice& second = world.add_device();
    first.save(kRoads, kName, "Roads");
    first.save(kBuses, kName, "Buses");
    need(first.sync().report.status);
    second.save(kRoads, kName, "Roads by the second", Context{});
    second.save(kBuses, kName, "Buses", Context{});
    second.save(kLocked, kName, "locked");
    need(second.sync().report.status);
    need(first.sync().report.status);
    const ChainPoint foreign = need(first.store().newest_own(first.ledger()));
    first.save(kRoads, kName, "Roads, settled");
    need(first.sync().report.status);
    client::Draft draft;
    draft.context = {2, 0, foreign};
    draft.message = "from a workbook";
    draft.records = {write(kBuses, kName, Value::text("Trams"))};
    reader.save_draft(draft);
    need(reader.sync().report.status);
    hub_key = need(reader.store().identity()).hub_key;
    story = told();
  }

  std::string export_file() {
    const std::string path = world.folder / "entries";
    need(client::export_entries(reader.store(), reader.info(), path));
    return need(read_file(path, 1 << 20));
  }

  Story told() {
    const std::string bytes = export_file();
    const EntriesFile file = need(decode_entries_file(bytes));
    Story made;
    made.keys = file.device_keys;
    made.hub = need(world.hub.store().identity()).key;
    made.known_key = hub_key;
    need(visit_entries(file, [&](std::string_view header, std::string_view changeset) -> Status {
      made.entries.push_back({need(decode_header(header)), std::string(changeset)});
      return {};
    }));
    made.digest = file.digest;
    return made;
  }

  // The hub writes down and signs what it tells.
  static std::string write_down(const Story& told) {
    std::string entries;
    RightEdge edge;
    for (const Told& entry : told.entries) {
      const std::string header = encode_header(entry.header);
      put_bytes(entries, header);
      put_bytes(entries, entry.changeset);
      edge.append(leaf_hash(header, entry.changeset));
    }
    EntriesFile file;
    file.ledger = kTransport;
    file.size = told.entries.size();
    file.entries = entries;
    file.digest = told.digest.value_or(Hash{});
    file.note = make_checkpoint(told.hub, told.origin,
                                told.claimed.value_or(TreeHead{edge.size(), edge.root()}));
    file.hub_key = told.known_key;
    file.device_keys = told.keys;
    return encode_entries_file(file);
  }

  SyncWorld world;
  TestDevice& reader = world.add_device();
  PublicKey hub_key{};
  Story story;
};

TEST_F(AuditTest, TheTruthIsGood) {
  const client::AuditReport here = need(client::audit_ledger(reader.store(), reader.info()));
  EXPECT_TRUE(here.verdict.ok()) << here.verdict.text();
  EXPECT_EQ(here.counts.entries, 7U);
  EXPECT_EQ(here.counts.refused, 1U);
  EXPECT_EQ(here.counts.edits, 6U);
  EXPECT_EQ(here.counts.devices, 3U);
  EXPECT_EQ(here.counts.seals, 4U);
  EXPECT_GE(here.counts.checkpoints, 1U);
  EXPECT_EQ(here.head, reader.verified());
  EXPECT_EQ(here.digest, world.hub.digest(kTransport));
  const client::AuditReport file = need(client::audit_entries(write_down(story), "f", hub_key));
  EXPECT_TRUE(file.verdict.ok()) << file.verdict.text();
  EXPECT_EQ(file.head, here.head);
  EXPECT_EQ(file.digest, here.digest);
}

// ---- lies

struct Lie {
  const char* name;
  std::function<void(Story& story)> tell;
  const char* rule;
};
std::ostream& operator<<(std::ostream& out, const Lie& lie) { return out << lie.name; }

void renumber(Story& story) {
  for (size_t i = 0; i < story.entries.size(); ++i) story.entries[i].header.position = i + 1;
}

void edit(Told& entry, const std::function<void(Changeset&)>& change) {
  Changeset changeset = need(decode_changeset(entry.changeset));
  change(changeset);
  entry.changeset = need(encode_changeset(changeset));
}

void refuse(Told& entry, RefusalReason reason) {
  const Changeset changeset = need(decode_changeset(entry.changeset));
  entry.header.refusal = {changeset.device, changeset.seq, reason, sha256(entry.changeset)};
  entry.header.exceptions.clear();
  entry.header.link_matched = false;
  entry.changeset.clear();
}

const Lie kLies[] = {
    // outcomes
    {"ContendedIsSaidToBeApplied", [](Story& s) { s.entries[2].header.exceptions.clear(); },
     "entry.outcome_wrong"},
    {"ContendedIsSaidToBeAgreed",
     [](Story& s) {
       s.entries[2].header.exceptions = {{0, Outcome::agreed}};
     },
     "entry.outcome_wrong"},
    {"AgreedIsSaidToBeContended",
     [](Story& s) {
       s.entries[3].header.exceptions = {{0, Outcome::contended}};
     },
     "entry.outcome_wrong"},
    {"AppliedIsSaidToBeContended",
     [](Story& s) {
       s.entries[0].header.exceptions = {{0, Outcome::contended}};
     },
     "entry.outcome_wrong"},
    {"AnOutcomeOfNoEdit",
     [](Story& s) {
       s.entries[0].header.exceptions = {{7, Outcome::agreed}};
     },
     "entry.outcome_wrong"},
    // entries
    {"TheFirstIsDropped", [](Story& s) { s.entries.erase(s.entries.begin()); },
     "entry.out_of_order"},
    {"TheFirstIsDroppedAndTheRestRenumbered",
     [](Story& s) {
       s.entries.erase(s.entries.begin());
       renumber(s);
     },
     "entry.chain_broken"},
    {"OneInTheMiddleIsDroppedAndTheRestRenumbered",
     [](Story& s) {
       s.entries.erase(s.entries.begin() + 3);
       renumber(s);
     },
     "entry.chain_broken"},
    {"TheRefusedOneIsDropped",
     [](Story& s) {
       s.entries.erase(s.entries.begin() + 4);
       renumber(s);
     },
     "entry.context_wrong"},
    {"ABatchIsCutInTheMiddle", [](Story& s) { s.entries.resize(4); }, "entry.root_wrong"},
    {"OneComesTwice",
     [](Story& s) {
       s.entries.insert(s.entries.begin() + 1, s.entries[0]);
       renumber(s);
     },
     "entry.chain_broken"},
    {"TheLastComesTwice",
     [](Story& s) {
       s.entries.push_back(s.entries.back());
       renumber(s);
     },
     "entry.chain_broken"},
    {"TwoOfOneDeviceChangePlaces",
     [](Story& s) {
       std::swap(s.entries[0], s.entries[1]);
       renumber(s);
     },
     "entry.chain_broken"},
    {"AnotherDeviceComesBetweenABatch",
     [](Story& s) {
       std::swap(s.entries[1], s.entries[2]);
       renumber(s);
     },
     "entry.seal_wrong"},
    {"BatchesChangePlaces",
     [](Story& s) {
       std::rotate(s.entries.begin() + 2, s.entries.begin() + 5, s.entries.begin() + 6);
       renumber(s);
     },
     "entry.context_wrong"},
    {"APositionIsPassedOver", [](Story& s) { ++s.entries[6].header.position; },
     "entry.out_of_order"},
    // times and positions
    {"TimeFalls", [](Story& s) { s.entries[1].header.time_ms -= 1; }, "entry.out_of_order"},
    {"NationalPositionFalls", [](Story& s) { s.entries[0].header.national = 99; },
     "entry.out_of_order"},
    // what was written
    {"AValueIsChanged",
     [](Story& s) {
       edit(s.entries[5], [](Changeset& c) { c.records[0].cells[0].value = Value::text("x"); });
     },
     "entry.seal_wrong"},
    {"AValueInsideABatchIsChanged",
     [](Story& s) {
       edit(s.entries[0], [](Changeset& c) { c.records[0].cells[0].value = Value::text("x"); });
     },
     "entry.seal_wrong"},
    {"AnAuthorIsChanged", [](Story& s) { edit(s.entries[5], [](Changeset& c) { ++c.author; }); },
     "entry.seal_wrong"},
    {"AMessageIsChanged",
     [](Story& s) { edit(s.entries[5], [](Changeset& c) { c.message += "!"; }); },
     "entry.seal_wrong"},
    {"ATimeOfSavingIsChanged",
     [](Story& s) { edit(s.entries[5], [](Changeset& c) { ++c.time_ms; }); }, "entry.seal_wrong"},
    {"AContextIsWidened",
     [](Story& s) { edit(s.entries[2], [](Changeset& c) { c.context.position = 2; }); },
     "entry.outcome_wrong"},
    {"AContextIsAheadOfItsEntry",
     [](Story& s) { edit(s.entries[0], [](Changeset& c) { c.context.position = 1; }); },
     "entry.context_wrong"},
    {"AnEditIsAdded",
     [](Story& s) {
       edit(s.entries[5], [](Changeset& c) {
         c.records[0].cells.push_back({kName + 1, Value::text("x"), {}});
       });
     },
     "entry.seal_wrong"},
    {"WorkOfAnotherDevice",
     [](Story& s) { edit(s.entries[5], [](Changeset& c) { c.device = 3; }); },
     "entry.chain_broken"},
    {"WorkOfAnotherLedger",
     [](Story& s) { edit(s.entries[5], [](Changeset& c) { c.ledger = kHealth; }); },
     "entry.chain_broken"},
    {"WorkOfADeviceThatThereIsNot",
     [](Story& s) { edit(s.entries[6], [](Changeset& c) { c.device = 77; }); }, "device.unknown"},
    {"AnOriginIsInvented",
     [](Story& s) { edit(s.entries[5], [&](Changeset& c) { c.origin = filled_hash(7); }); },
     "entry.seal_wrong"},
    {"ItContinuesWhatIsNotThere",
     [](Story& s) {
       edit(s.entries[6], [](Changeset& c) { c.continues = ChainPoint{2, 9, filled_hash(7)}; });
     },
     "entry.chain_broken"},
    {"BytesAreNotCanonical", [](Story& s) { s.entries[5].changeset += '\0'; },
     "changeset.not_canonical"},
    // refusals
    {"EnteredWorkIsSaidToBeRefusedAndWhatFollowsKept",
     [](Story& s) { refuse(s.entries[0], RefusalReason::no_authority); }, "entry.outcome_wrong"},
    {"ARefusalIsOfAnotherChangeset",
     [](Story& s) { s.entries[4].header.refusal->changeset_hash = filled_hash(7); },
     "entry.seal_wrong"},
    {"ARefusalIsOfAnotherDevice", [](Story& s) { s.entries[4].header.refusal->device = 2; },
     "entry.seal_wrong"},
    {"ARefusalIsOfAnotherSeq", [](Story& s) { ++s.entries[4].header.refusal->seq; },
     "entry.chain_broken"},
    {"ARefusedOneHasBytes", [](Story& s) { s.entries[4].changeset = s.entries[3].changeset; },
     "entry.out_of_order"},
    // contexts of others
    {"AMatchIsDenied", [](Story& s) { s.entries[6].header.link_matched = false; },
     "entry.context_wrong"},
    // seals
    {"ASealIsLeftOut", [](Story& s) { s.entries[1].header.seal.reset(); }, "entry.seal_wrong"},
    {"ASealMoves", [](Story& s) { std::swap(s.entries[0].header.seal, s.entries[1].header.seal); },
     "entry.seal_wrong"},
    {"ASealOfAnotherDevice", [](Story& s) { s.entries[5].header.seal = s.entries[4].header.seal; },
     "entry.seal_wrong"},
    {"ASealIsChanged", [](Story& s) { s.entries[5].header.seal->signature[9] ^= 1; },
     "entry.seal_wrong"},
    {"ASealSaysThatAnotherPastWasSeen",
     [](Story& s) { s.entries[5].header.seal->seen.root = filled_hash(7); }, "entry.seal_wrong"},
    {"AKeyIsReplaced", [](Story& s) { s.keys[1] = test_key('x').public_key(); },
     "entry.seal_wrong"},
    {"AKeyIsMissing", [](Story& s) { s.keys.erase(2); }, "device.unknown"},
    {"AKeyOfNobody", [](Story& s) { s.keys[9] = test_key('x').public_key(); }, "audit.file_wrong"},
    // checkpoints
    {"AnotherHubSigned", [](Story& s) { s.hub = test_key('x'); }, "checkpoint.bad"},
    {"AnotherLedgersCheckpoint",
     [](Story& s) { s.origin = checkpoint_origin("hub.test", kHealth); }, "checkpoint.bad"},
    {"ACheckpointOfFewerEntries",
     [](Story& s) {
       s.claimed = TreeHead{6, filled_hash(7)};
     },
     "entry.root_wrong"},
    {"ACheckpointOfMoreEntries",
     [](Story& s) {
       s.claimed = TreeHead{8, filled_hash(7)};
     },
     "entry.root_wrong"},
    {"ACheckpointOfAnotherRoot",
     [](Story& s) {
       s.claimed = TreeHead{7, filled_hash(7)};
     },
     "entry.root_wrong"},
    {"AnotherState", [](Story& s) { s.digest = filled_hash(7); }, "audit.file_wrong"},
    {"AnotherHubsKeyInTheFile", [](Story& s) { s.known_key[0] ^= 1; }, "audit.file_wrong"},
};

class LieTest : public AuditTest, public testing::WithParamInterface<Lie> {};

TEST_P(LieTest, IsCaughtByTheRuleThatItBreaks) {
  GetParam().tell(story);
  const client::AuditReport report = need(client::audit_entries(write_down(story), "f", hub_key));
  EXPECT_EQ(message_of(report.verdict), GetParam().rule) << report.verdict.text();
  EXPECT_LE(report.wrong_entry, story.entries.size());
}

INSTANTIATE_TEST_SUITE_P(All, LieTest, testing::ValuesIn(kLies),
                         [](const auto& lie) { return std::string(lie.param.name); });

// A hub that showed a device one past, and enters its work into another: the seal names the first.
TEST_F(AuditTest, ADeviceThatWasShownAnotherPastGivesTheHubAway) {
  TestDevice& victim = world.add_device();
  need(victim.sync().report.status);
  const TreeHead shown = victim.verified();
  const SigningKey key = need(victim.store().key());
  // The lying hub's ledger has a batch fewer than what the victim was shown, and the victim's work.
  Changeset changeset = small_changeset();
  changeset.ledger = kTransport;
  changeset.device = victim.number();
  changeset.seq = 1;
  changeset.context = {0, 0, {}};
  Told entry;
  entry.changeset = need(encode_changeset(changeset));
  const Hash link =
      chain_next(chain_start(kTransport, victim.number(), key.public_key()), entry.changeset);
  story.entries.resize(6);
  entry.header = story.entries.back().header;
  entry.header.position = 7;
  entry.header.exceptions.clear();
  entry.header.seal = make_seal(key, kTransport, {victim.number(), 1, link}, shown);
  story.entries.push_back(entry);
  story.keys.erase(reader.number());
  story.keys[victim.number()] = key.public_key();
  const client::AuditReport report = need(client::audit_entries(write_down(story), "f", hub_key));
  EXPECT_EQ(message_of(report.verdict), "entry.other_past") << report.verdict.text();
  EXPECT_EQ(report.wrong_entry, 7U);
}

// A file alone is as good as what is in it; a folder that holds another past knows better.
TEST_F(AuditTest, AFolderKnowsAnotherPastFromItsOwn) {
  const auto verdict = [&] {
    const std::string bytes = write_down(story);
    EXPECT_TRUE(need(client::audit_entries(bytes, "f", hub_key)).verdict.ok());
    return message_of(need(client::audit_entries(bytes, "f", hub_key, &reader.store())).verdict);
  };
  EXPECT_EQ(verdict(), "");
  // No seal names what comes after it: the newest time is the hub's to tell, once.
  story.entries.back().header.time_ms += 1'000;
  const std::unique_ptr<Audit> audit =
      need(Audit::begin(kTransport, [&](DeviceNumber device) -> Result<std::optional<PublicKey>> {
        return std::optional(story.keys.at(device));
      }));
  for (const Told& entry : story.entries) {
    need(audit->take(encode_header(entry.header), entry.changeset));
  }
  story.digest = need(audit->digest());
  EXPECT_EQ(verdict(), "audit.other_past");
}

// ---- every byte

bool is_good(std::string_view bytes, const PublicKey& key) {
  const Result<client::AuditReport> report = client::audit_entries(bytes, "f", key);
  return report.ok() && report->verdict.ok();
}

TEST_F(AuditTest, EveryChangedByteAndEveryTruncationIsNoticed) {
  const std::string bytes = write_down(story);
  ASSERT_TRUE(is_good(bytes, hub_key));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] ^= static_cast<char>(1 + i % 255);
    EXPECT_FALSE(is_good(changed, hub_key)) << "byte " << i;
    EXPECT_FALSE(is_good(bytes.substr(0, i), hub_key)) << "cut at " << i;
  }
  EXPECT_FALSE(is_good(bytes + '\0', hub_key));
}

// ---- what a device holds

struct Spoilt {
  const char* name;
  const char* sql;
  const char* rule;
};
std::ostream& operator<<(std::ostream& out, const Spoilt& spoilt) { return out << spoilt.name; }

class SpoiltTest : public AuditTest, public testing::WithParamInterface<Spoilt> {};

TEST_P(SpoiltTest, IsNoticed) {
  reader.close();
  need(need(Database::open(reader.folder() + "/daftar.db")).execute(GetParam().sql));
  reader.open();
  const Result<client::AuditReport> report = client::audit_ledger(reader.store(), reader.info());
  const Status verdict = report.ok() ? report->verdict : report.status();
  EXPECT_EQ(message_of(verdict), GetParam().rule) << verdict.text();
}

// Work that no entry holds is checked by its own chain.
TEST_F(AuditTest, WorkThatIsMissingBeforeOtherWorkIsNoticed) {
  reader.save(kRoads, kName, "Unsent");
  reader.save(kRoads, kName, "Unsent too");
  const auto verdict = [&] {
    return message_of(need(client::audit_ledger(reader.store(), reader.info())).verdict);
  };
  EXPECT_EQ(verdict(), "");
  reader.close();
  need(need(Database::open(reader.folder() + "/daftar.db"))
           .execute("DELETE FROM pending WHERE seq = (SELECT min(seq) FROM pending)"));
  reader.open();
  EXPECT_EQ(verdict(), "audit.state_wrong");
}

TEST_F(AuditTest, ACodeThatCannotBeLookedUpIsNoticed) {
  reader.save(kRoads, field::indicator_code, "1.1");
  need(reader.sync().report.status);
  const auto verdict = [&] {
    return message_of(need(client::audit_ledger(reader.store(), reader.info())).verdict);
  };
  EXPECT_EQ(verdict(), "");
  reader.close();
  need(need(Database::open(reader.folder() + "/daftar.db")).execute("DELETE FROM code"));
  reader.open();
  EXPECT_EQ(verdict(), "audit.state_wrong");
}

TEST_F(AuditTest, ANewerFileIsSaidToBeNewer) {
  const Result<client::AuditReport> report =
      client::audit_entries("daftar entries 3\nwhatever", "f", hub_key);
  EXPECT_EQ(report.status().code(), Code::newer_version);
}

INSTANTIATE_TEST_SUITE_P(
    All, SpoiltTest,
    testing::Values(
        Spoilt{"AnEntryIsGone", "DELETE FROM entry WHERE id = (SELECT min(id) FROM entry)",
               "entry.out_of_order"},
        Spoilt{"TheLastEntryIsGone", "DELETE FROM entry WHERE id = (SELECT max(id) FROM entry)",
               "entry.root_wrong"},
        Spoilt{"AnEntryIsDamaged", "UPDATE entry SET changeset = x'00'", "database.corrupt"},
        Spoilt{"ARecordIsGone", "DELETE FROM record WHERE key = (SELECT max(key) FROM record)",
               "audit.state_wrong"},
        Spoilt{"AChainHeadIsAnother", "UPDATE chain_head SET seq = seq + 1", "audit.state_wrong"},
        Spoilt{"ACheckpointIsDamaged", "UPDATE checkpoint SET note = note || 'x'",
               "checkpoint.bad"},
        Spoilt{"TheCheckpointsAreGone", "DELETE FROM checkpoint", "audit.no_checkpoint"},
        Spoilt{"ContentionIsHidden", "UPDATE record SET is_contended = 1 - is_contended",
               "audit.state_wrong"},
        Spoilt{"ATouchIsGone",
               "DELETE FROM touch WHERE position = (SELECT max(position) FROM touch)",
               "audit.state_wrong"},
        Spoilt{"ATouchSkipsAnEntry", "UPDATE touch SET previous = 0 WHERE previous > 0",
               "audit.state_wrong"},
        Spoilt{"ATouchIsAdded",
               "INSERT INTO touch SELECT ledger, position, x'00', 0 FROM touch LIMIT 1",
               "audit.state_wrong"},
        Spoilt{"ALinkIsAnother", "UPDATE chain SET position = position + 1", "audit.state_wrong"},
        Spoilt{"ARootIsGone",
               "DELETE FROM tree_head WHERE size = (SELECT min(size) FROM tree_head)",
               "audit.state_wrong"},
        Spoilt{"ARootIsAnother", "UPDATE tree_head SET root = zeroblob(32)", "audit.state_wrong"},
        Spoilt{"AnotherKeyOfThisDevice",
               "INSERT OR REPLACE INTO device_key SELECT value, zeroblob(32) FROM setting "
               "WHERE name = 'device'",
               "entry.seal_wrong"},
        Spoilt{"AKeyIsGone", "DELETE FROM device_key WHERE device = 3", "device.unknown"}),
    [](const auto& spoilt) { return std::string(spoilt.param.name); });

}  // namespace
}  // namespace daftar
