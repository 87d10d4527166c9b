// A hub that lies, even under its own signature, is refused, nothing of the lie is kept, and the
// truth is taken afterwards. And a hub that is sent nonsense.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "common/ledger/checkpoint.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(1, 2);

using Entries = std::vector<WireEntry>;

void edit_header(WireEntry& entry, const std::function<void(EntryHeader&)>& edit) {
  EntryHeader header = need(decode_header(entry.header));
  edit(header);
  entry.header = encode_header(header);
}

void edit_text(WireEntry& entry, const std::string& text) {
  Changeset changeset = need(decode_changeset(entry.changeset));
  changeset.records[0].cells[0].value = Value::text(text);
  entry.changeset = need(encode_changeset(changeset));
}

void renumber(Entries& entries) {
  for (size_t i = 0; i < entries.size(); ++i) {
    edit_header(entries[i], [&](EntryHeader& header) { header.position = i + 1; });
  }
}

// The ledger: 1 and 2 by the first device in one batch, 3 by the second, which had not seen them.
struct Forgery {
  const char* name;
  std::function<void(Entries& entries, v1::PullReply& reply)> forge;
  bool is_signed = true;  ///< the hub signs what it made of the entries
};

std::ostream& operator<<(std::ostream& out, const Forgery& forgery) { return out << forgery.name; }

const Forgery kForgeries[] = {
    {"OutcomeIsMissing",
     [](Entries& entries, v1::PullReply&) {
       edit_header(entries[2], [](EntryHeader& header) { header.exceptions.clear(); });
     }},
    {"OutcomeIsInvented",
     [](Entries& entries, v1::PullReply&) {
       edit_header(entries[0], [](EntryHeader& header) {
         header.exceptions = {{0, Outcome::contended}};
       });
     }},
    {"TimeIsChanged",
     [](Entries& entries, v1::PullReply&) {
       edit_header(entries[2], [](EntryHeader& header) { ++header.time_ms; });
     },
     false},
    {"TimeFalls",
     [](Entries& entries, v1::PullReply&) {
       edit_header(entries[1], [](EntryHeader& header) { header.time_ms -= 10; });
     }},
    {"BytesAreChanged", [](Entries& entries, v1::PullReply&) { edit_text(entries[2], "forged"); }},
    {"BytesAreChangedAndTheSealIsLeftOut",
     [](Entries& entries, v1::PullReply&) {
       edit_text(entries[2], "forged");
       edit_header(entries[2], [](EntryHeader& header) { header.seal.reset(); });
     }},
    {"WorkIsRefusedThatWasEntered",
     [](Entries& entries, v1::PullReply&) {
       edit_header(entries[2], [&](EntryHeader& header) {
         header.exceptions.clear();
         header.refusal = {2, 1, RefusalReason::no_authority, filled_hash(7)};
       });
       entries[2].changeset.clear();
     }},
    {"OneIsDropped", [](Entries& entries, v1::PullReply&) { entries.erase(entries.begin()); }},
    {"OneIsDroppedAndTheRestRenumbered",
     [](Entries& entries, v1::PullReply&) {
       entries.erase(entries.begin());
       renumber(entries);
     }},
    {"TheLastIsDropped", [](Entries& entries, v1::PullReply&) { entries.pop_back(); }, false},
    {"ABatchEndsBeforeItsSeal", [](Entries& entries, v1::PullReply&) { entries.resize(1); }},
    {"OneComesTwice",
     [](Entries& entries, v1::PullReply&) {
       entries.push_back(entries.back());
       renumber(entries);
     }},
    {"OrderIsChanged",
     [](Entries& entries, v1::PullReply&) {
       std::swap(entries[0], entries[1]);
       renumber(entries);
     }},
    {"AnothersBytesAreSaidToBeOurs",
     [](Entries& entries, v1::PullReply&) {
       entries[2].changeset.clear();
       entries[2].is_left_out = true;
     },
     false},
    {"AnotherLedgersName",
     [](Entries&, v1::PullReply& reply) { reply.set_ledger("administration/nowhere"); }, false},
    {"TheFrameIsDamaged",
     [](Entries&, v1::PullReply& reply) { reply.mutable_frame()->back() ^= 1; }, false},
    {"AKeyIsReplaced",
     [](Entries&, v1::PullReply& reply) { reply.mutable_keys(0)->set_key(std::string(32, 'k')); },
     false},
    {"AKeyIsTooShort",
     [](Entries&, v1::PullReply& reply) { reply.mutable_keys(0)->set_key("short"); }, false},
    {"AnotherHubSigned",
     [](Entries&, v1::PullReply& reply) {
       reply.set_checkpoint(make_checkpoint(SigningKey::from_seed(std::string(32, 'x')),
                                            checkpoint_origin("hub.test", kTransport),
                                            {3, filled_hash(7)}));
     },
     false},
};

class ForgeryTest : public testing::Test {
 protected:
  ForgeryTest() {
    first.save(kRoads, kName, "Roads");
    first.save(kBuses, kName, "Buses");
    need(first.sync().report.status);
    second.save(kRoads, kName, "Roads by the second", Context{});
    need(second.sync().report.status);
    signing = std::make_unique<SigningKey>(need(world.hub.store().identity()).key);
  }

  std::string sign(const TreeHead& head) {
    return make_checkpoint(*signing, checkpoint_origin("hub.test", kTransport), head);
  }
  void expect_nothing_kept_and_truth_taken() {
    need(first.sync().report.status);
    EXPECT_EQ(reader.verified().size, 0U);
    EXPECT_TRUE(need(reader.view().record(kRoads)).cells.empty());
    const SyncOutcome honest = reader.sync();
    EXPECT_TRUE(honest.report.status.ok()) << honest.report.status.text();
    world.expect_settled();
  }

  SyncWorld world;
  TestDevice& first = world.add_device();
  TestDevice& second = world.add_device();
  TestDevice& reader = world.add_device();
  std::unique_ptr<SigningKey> signing;
};

class PullForgeryTest : public ForgeryTest, public testing::WithParamInterface<Forgery> {};

TEST_P(PullForgeryTest, IsRefusedAndNothingIsKept) {
  need(first.sync().report.status);
  const SyncOutcome outcome = reader.sync({.forge_pull = [&](v1::PullReply& reply) {
    Entries entries = need(decode_pull_frame(reply.frame()));
    ASSERT_EQ(entries.size(), 3U);
    const std::string frame = reply.frame();
    GetParam().forge(entries, reply);
    if (reply.frame() == frame) reply.set_frame(encode_pull_frame(entries));
    if (!GetParam().is_signed) return;
    RightEdge edge;
    for (const WireEntry& entry : entries) edge.append(leaf_hash(entry.header, entry.changeset));
    reply.set_checkpoint(sign({edge.size(), edge.root()}));
  }});
  EXPECT_EQ(outcome.report.status.code(), Code::corrupt) << outcome.report.status.text();
  EXPECT_EQ(outcome.report.pulled, 0U);
  expect_nothing_kept_and_truth_taken();
}

INSTANTIATE_TEST_SUITE_P(All, PullForgeryTest, testing::ValuesIn(kForgeries),
                         [](const auto& forgery) { return std::string(forgery.param.name); });

TEST_F(ForgeryTest, AnUntouchedPullOfTheSameKindIsTaken) {
  const SyncOutcome outcome = reader.sync({.forge_pull = [&](v1::PullReply& reply) {
    RightEdge edge;
    for (const WireEntry& entry : need(decode_pull_frame(reply.frame()))) {
      edge.append(leaf_hash(entry.header, entry.changeset));
    }
    reply.set_checkpoint(sign({edge.size(), edge.root()}));
  }});
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
}

TEST_F(ForgeryTest, AnotherPastOfTheSameSizeIsFoundByHeads) {
  need(first.sync().report.status);
  reader.save(kBuses, kName, "work, so that heads answers in full");
  need(reader.sync().report.status);
  reader.save(kBuses, kName, "more work");
  const TreeHead known = reader.verified();
  const SyncOutcome outcome = reader.sync({.forge_heads = [&](v1::HeadsReply& reply) {
    reply.mutable_ledgers(0)->set_checkpoint(sign({known.size, filled_hash(7)}));
  }});
  EXPECT_EQ(outcome.report.status.code(), Code::corrupt);
  EXPECT_EQ(outcome.report.pushed, 0U);
  EXPECT_EQ(reader.verified(), known);
  EXPECT_EQ(reader.info().waiting, 1U);
}

TEST_F(ForgeryTest, HeadsOfAnotherHubOrWithoutALinkAreRefused) {
  const std::function<void(v1::LedgerHead&)> lies[] = {
      [](v1::LedgerHead& head) { head.set_chain_link("short"); },
      [](v1::LedgerHead& head) { head.set_checkpoint(head.checkpoint() + "x"); },
      [&](v1::LedgerHead& head) {
        head.set_checkpoint(make_checkpoint(*signing, "hub.test/administration/health", {3, {}}));
      },
  };
  for (const auto& lie : lies) {
    const SyncOutcome outcome = reader.sync(
        {.forge_heads = [&](v1::HeadsReply& reply) { lie(*reply.mutable_ledgers(0)); }});
    EXPECT_EQ(outcome.report.status.code(), Code::corrupt);
  }
  expect_nothing_kept_and_truth_taken();
}

TEST_F(ForgeryTest, PushAnswersThatMakeNoSenseEndTheSession) {
  const std::function<void(v1::PushReply&)> lies[] = {
      [](v1::PushReply& reply) { reply.set_ledger("administration/nowhere"); },
      [](v1::PushReply& reply) {
        v1::RefusedChangeset& refused = *reply.add_refused();
        refused.set_seq(1);
        refused.set_reason(77);
      },
  };
  for (const auto& lie : lies) {
    reader.save(kBuses, kName, "work");
    EXPECT_EQ(reader.sync({.forge_push = lie}).report.status.code(), Code::corrupt);
  }
  need(reader.sync().report.status);
  need(first.sync().report.status);
  need(second.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(ForgeryTest, WorkThatTheHubOnlySaidItHadEnteredIsSentAgain) {
  reader.save(kBuses, 4'000, "turned away");
  (void)reader.sync({.forge_push = [](v1::PushReply& reply) {
    reply.clear_turned_away();
    v1::EnteredRun& run = *reply.add_entered();
    run.set_first_seq(1);
    run.set_first_position(4);
    run.set_count(1);
  }});
  EXPECT_EQ(reader.info().entered, 1U);
  const SyncOutcome honest = reader.sync();
  EXPECT_TRUE(honest.report.turned_away.contains(kTransport));
  EXPECT_EQ(reader.info().waiting, 1U);
}

// What no device of ours sends.
struct BadPush {
  const char* name;
  std::function<void(v1::PushRequest& request)> spoil;
  v1::TurnedAway::Reason reason = v1::TurnedAway::MALFORMED;
};

TEST_F(ForgeryTest, AHubTurnsAwayWhatNoDeviceSends) {
  const BadPush cases[] = {
      {"no frame", [](v1::PushRequest& request) { request.clear_frame(); }},
      {"damaged frame", [](v1::PushRequest& request) { request.mutable_frame()->back() ^= 1; }},
      {"empty batch", [](v1::PushRequest& request) { request.set_frame(encode_push_frame({})); }},
      {"not a changeset",
       [](v1::PushRequest& request) { request.set_frame(encode_push_frame({"rubbish"})); }},
      {"short signature", [](v1::PushRequest& request) { request.set_signature("short"); }},
      {"wrong signature", [](v1::PushRequest& request) { (*request.mutable_signature())[3] ^= 1; }},
      {"short root", [](v1::PushRequest& request) { request.set_seen_root("short"); }},
      {"another device's changeset",
       [&](v1::PushRequest& request) {
         Changeset changeset =
             need(decode_changeset(need(decode_push_frame(request.frame())).at(0)));
         changeset.device = first.number();
         request.set_frame(encode_push_frame({need(encode_changeset(changeset))}));
       }},
      {"a gap",
       [](v1::PushRequest& request) {
         Changeset changeset =
             need(decode_changeset(need(decode_push_frame(request.frame())).at(0)));
         changeset.seq += 5;
         request.set_frame(encode_push_frame({need(encode_changeset(changeset))}));
       },
       v1::TurnedAway::CHAIN_BROKEN},
  };
  reader.save(kBuses, kName, "work");
  v1::PushRequest good;
  (void)reader.sync({.cut = 2, .on_push = [&](const v1::PushRequest& request) { good = request; }});
  const hub::Device device = need(world.hub.service().authenticate(reader.number()));
  const auto push = [&](const v1::PushRequest& request) {
    v1::PushReply answer;
    world.hub.service().push(device, request,
                             [&](Result<v1::PushReply> made) { answer = need(std::move(made)); });
    world.hub.settle();
    return answer;
  };
  for (const BadPush& bad : cases) {
    v1::PushRequest request = good;
    bad.spoil(request);
    EXPECT_EQ(push(request).turned_away().reason(), bad.reason) << bad.name;
    EXPECT_EQ(world.hub.head(kTransport).size, 3U) << bad.name;
  }
  EXPECT_EQ(push(good).entered_size(), 1);
}

}  // namespace
}  // namespace daftar
