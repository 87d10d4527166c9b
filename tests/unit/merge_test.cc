// The merge rule (FORMAT.md §6) by hand, one sentence at a time. tests/property checks it on random
// schedules.
#include "common/ledger/merge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/ledger/ledger_state.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

const RecordKey kRoad{4, 1, 1, ""};
const RecordKey kBridge{4, 1, 2, ""};
constexpr FieldNumber kName = 1;
constexpr FieldNumber kUnit = 2;

Context seen_up_to(uint64_t position, uint64_t own_seq = 0) {
  return {position, own_seq, std::nullopt};
}
Context seen_nothing() { return seen_up_to(0); }
Context workbook_of(DeviceNumber device, uint64_t seq, uint64_t position = 0) {
  return {position, 0, ChainPoint{device, seq, {}}};
}
RecordEdits name(const char* text) { return write(kRoad, kName, Value::text(text)); }
RecordEdits unit(const char* text) { return write(kRoad, kUnit, Value::text(text)); }
RecordEdits undelete() { return write(kRoad, kDeletedField, Value::boolean(false)); }

class MergeTest : public testing::Test {
 protected:
  /// Enters the next changeset of `device`; the outcomes of its edits, one letter each: a(pplied),
  /// g (agreed), c(ontended).
  std::string enter(DeviceNumber device, const Context& context, std::vector<RecordEdits> edits,
                    bool link_matched = false, std::optional<ChainPoint> continues = {}) {
    Changeset changeset;
    changeset.device = device;
    changeset.seq = state_.heads[device].seq + 1;
    changeset.context = context;
    changeset.continues = continues;
    changeset.records = std::move(edits);
    const auto exceptions =
        fold_changeset(state_, records_, changeset, {}, link_matched, {state_.position + 1, 0});
    std::string outcomes(changeset.edit_count(), 'a');
    for (const Exception& exception : *exceptions) {
      outcomes[exception.index] = exception.outcome == Outcome::agreed ? 'g' : 'c';
    }
    return outcomes;
  }

  void refuse(DeviceNumber device) {
    const Refusal refusal{device, state_.heads[device].seq + 1, RefusalReason::period_locked, {}};
    fold_refusal(state_, refusal, {}, {state_.position + 1, 0});
  }

  /// "current | the others", each as value@position; "-" for no current version.
  std::string cell(FieldNumber field, const RecordKey& key = kRoad) {
    const Cell* cell = (*records_.change(key))->find(field);
    if (cell == nullptr) return "";
    std::string out = cell->has_current ? "" : "- |";
    for (size_t i = 0; i < cell->standing.size(); ++i) {
      const Version& version = cell->standing[i];
      if (i == 1 && cell->has_current) out += " |";
      if (!out.empty()) out += " ";
      out += version.value.is_empty()  ? "empty"
             : version.value.as_text() ? std::string(*version.value.as_text())
                                       : (version.value.is_yes() ? "yes" : "no");
      out += "@" + std::to_string(version.position);
    }
    return out;
  }
  std::string deleted() { return cell(kDeletedField); }
  bool is_contended() { return (*records_.change(kRoad))->is_contended(); }
  bool is_deleted() { return (*records_.change(kRoad))->is_deleted(); }

  LedgerState state_;
  MemoryRecords records_;
};

// ---- rule 2: an ordinary edit

TEST_F(MergeTest, AFirstWriteIsApplied) {
  EXPECT_EQ(enter(1, seen_nothing(), {name("A")}), "a");
  EXPECT_EQ(cell(kName), "A@1");
}

TEST_F(MergeTest, ASeenVersionIsReplaced) {
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_up_to(1), {name("B")}), "a");
  EXPECT_EQ(cell(kName), "B@2");
}

TEST_F(MergeTest, UnseenDifferentValueIsContended) {
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_nothing(), {name("B")}), "c");
  EXPECT_EQ(cell(kName), "A@1 | B@2");
  EXPECT_TRUE(is_contended());
}

TEST_F(MergeTest, UnseenSameValueAgreesAndStands) {
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_nothing(), {name("A")}), "g");
  EXPECT_EQ(cell(kName), "A@1 | A@2");
  EXPECT_FALSE(is_contended());
}

TEST_F(MergeTest, AnAgreedVersionStandsWhenTheCurrentOneIsReplaced) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(1, seen_up_to(1), {name("B")}), "a");
  EXPECT_EQ(cell(kName), "B@3 | A@2");
  EXPECT_TRUE(is_contended());
}

TEST_F(MergeTest, ClearingACellIsAValueLikeAnyOther) {
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_nothing(), {write(kRoad, kName, Value())}), "c");
  EXPECT_EQ(cell(kName), "A@1 | empty@2");
}

TEST_F(MergeTest, WritingWithTheContendersSeenSettlesThem) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {name("B")});
  EXPECT_EQ(enter(3, seen_up_to(2), {name("A")}), "a") << "rewriting the current value counts";
  EXPECT_EQ(cell(kName), "A@3");
}

TEST_F(MergeTest, AContenderAloneIsRemovedBeforeTheEditJoins) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {name("B")});
  EXPECT_EQ(enter(2, seen_up_to(0, 1), {name("C")}), "c");
  EXPECT_EQ(cell(kName), "A@1 | C@3");
}

TEST_F(MergeTest, OtherVersionsStandWhenTheCurrentOneIsReplaced) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {name("B")});
  EXPECT_EQ(enter(3, seen_up_to(1), {name("C")}), "a");
  EXPECT_EQ(cell(kName), "C@3 | B@2");
}

TEST_F(MergeTest, CellsAreJudgedEachOnItsOwn) {
  enter(1, seen_nothing(), {name("A")});
  const RecordEdits both =
      write(kRoad, {{kName, Value::text("B"), {}}, {kUnit, Value::text("km"), {}}});
  EXPECT_EQ(enter(2, seen_nothing(), {both, write(kBridge, kName, Value::text("A"))}), "caa");
}

// ---- what a context covers

TEST_F(MergeTest, AContextCoversItsOwnPositionAndNoneAbove) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_up_to(1), {name("B")});
  EXPECT_EQ(enter(3, seen_up_to(1), {name("C")}), "c");
  EXPECT_EQ(enter(3, seen_up_to(2), {name("D")}), "a");
  EXPECT_EQ(cell(kName), "D@4 | C@3");
}

TEST_F(MergeTest, OwnWorkIsSeenUpToTheOwnSeqOfTheForm) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(0, 1), {name("B")});
  EXPECT_EQ(cell(kName), "B@2");
  EXPECT_EQ(enter(1, seen_up_to(0, 1), {name("C")}), "c") << "the form was open before B was saved";
  EXPECT_EQ(cell(kName), "B@2 | C@3");
}

TEST_F(MergeTest, AnotherDevicesSeqCoversNothing) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {unit("km")});
  EXPECT_EQ(enter(2, seen_up_to(0, 1), {name("B")}), "c");
}

TEST_F(MergeTest, AWorkbookCoversTheWorkOfTheDeviceThatExportedIt) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(0, 1), {name("B")});
  EXPECT_EQ(enter(2, workbook_of(1, 2), {name("C")}, true), "a");
  EXPECT_EQ(cell(kName), "C@3");
}

TEST_F(MergeTest, AWorkbookCoversNoLaterWork) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(0, 1), {name("B")});
  EXPECT_EQ(enter(2, workbook_of(1, 1), {name("C")}, true), "c");
}

TEST_F(MergeTest, AWorkbookWhoseLinkDidNotMatchCoversItsPositionAlone) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(0, 1), {unit("km")});
  EXPECT_EQ(enter(2, workbook_of(1, 2, 1), {name("B"), write(kBridge, kName, Value())}, false),
            "aa");
  EXPECT_EQ(enter(2, workbook_of(1, 2, 1), {unit("m")}, false), "c");
}

TEST_F(MergeTest, AWorkbookDoesNotCoverTheWorkOfWhoImportsIt) {
  enter(2, seen_nothing(), {name("A")});
  enter(1, seen_nothing(), {unit("km")});
  EXPECT_EQ(enter(2, workbook_of(1, 1), {name("B")}, true), "c");
}

// ---- continues

TEST_F(MergeTest, AFollowingDeviceHasSeenTheOldOnesWorkUpToTheFork) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_nothing(), {unit("km")});
  const ChainPoint fork{1, 1, {}};
  EXPECT_EQ(enter(2, seen_nothing(), {name("B")}, false, fork), "a");
  EXPECT_EQ(enter(2, seen_up_to(0, 1), {unit("m")}), "c") << "km was saved after the fork";
}

TEST_F(MergeTest, LaterChangesetsOfAFollowingDeviceHaveSeenItToo) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {unit("km")}, false, ChainPoint{1, 1, {}});
  EXPECT_EQ(enter(2, seen_nothing(), {name("B")}), "a");
}

TEST_F(MergeTest, FollowingIsPassedOn) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {unit("km")}, false, ChainPoint{1, 1, {}});
  enter(3, seen_nothing(), {write(kBridge, kName, Value())}, false, ChainPoint{2, 1, {}});
  EXPECT_EQ(enter(3, seen_nothing(), {name("B"), write(kBridge, kUnit, Value())}), "aa");
}

TEST_F(MergeTest, AWorkbookOfAFollowingDeviceCoversWhatItFollows) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {unit("km")}, false, ChainPoint{1, 1, {}});
  EXPECT_EQ(enter(3, workbook_of(2, 1), {name("B")}, true), "a");
}

TEST_F(MergeTest, AFirstChangesetFromAWorkbookHasSeenOnlyTheWorkbook) {
  enter(1, seen_nothing(), {name("A")});
  enter(3, seen_nothing(), {unit("km")});
  EXPECT_EQ(enter(2, workbook_of(3, 1), {name("B")}, true, ChainPoint{1, 1, {}}), "c");
}

TEST_F(MergeTest, ARefusedFirstChangesetContinuesNothing) {
  enter(1, seen_nothing(), {name("A")});
  refuse(2);
  EXPECT_TRUE(state_.continues.empty());
  EXPECT_EQ(enter(2, seen_nothing(), {name("B")}), "c");
}

// ---- rule 1: deletion

TEST_F(MergeTest, ADeletionThatHasSeenEverythingIsApplied) {
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_up_to(1), {remove(kRoad)}), "a");
  EXPECT_EQ(deleted(), "yes@2");
  EXPECT_TRUE(is_deleted());
}

TEST_F(MergeTest, ADeletionThatHasNotSeenEverythingIsContended) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(0, 1), {unit("km")});
  EXPECT_EQ(enter(2, seen_up_to(1), {remove(kRoad)}), "c");
  EXPECT_EQ(deleted(), "- | yes@3");
  EXPECT_FALSE(is_deleted());
  EXPECT_TRUE(is_contended());
}

TEST_F(MergeTest, ADeletionThatHasNotSeenAContenderIsContended) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {name("B")});
  EXPECT_EQ(enter(3, seen_up_to(1), {remove(kRoad)}), "c");
}

TEST_F(MergeTest, UnseenWorkOnAnotherRecordDoesNotHoldADeletionBack) {
  enter(1, seen_nothing(), {write(kBridge, kName, Value::text("A"))});
  EXPECT_EQ(enter(2, seen_nothing(), {remove(kRoad)}), "a");
}

TEST_F(MergeTest, AHeldBackDeletionReplacesOnlyTheContendersItHasSeen) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {remove(kRoad)});
  enter(3, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(deleted(), "- | yes@2 yes@3");
  EXPECT_EQ(enter(2, seen_up_to(0, 1), {remove(kRoad)}), "c");
  EXPECT_EQ(deleted(), "- | yes@3 yes@4");
}

TEST_F(MergeTest, AHeldBackDeletionLeavesTheCurrentNo) {
  enter(1, seen_nothing(), {undelete()});
  enter(1, seen_nothing(), {name("A")});
  EXPECT_EQ(enter(2, seen_up_to(1), {remove(kRoad)}), "c");
  EXPECT_EQ(deleted(), "no@1 | yes@3") << "though it has seen the no";
}

TEST_F(MergeTest, AHeldBackDeletionIsMadeGoodByOneThatHasSeenAll) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(enter(2, seen_up_to(2), {remove(kRoad)}), "a");
  EXPECT_EQ(deleted(), "yes@3");
}

TEST_F(MergeTest, ADeletionOfADeletedRecordAgreesWhateverItHasSeen) {
  enter(1, seen_nothing(), {name("A")});
  enter(1, seen_up_to(1), {remove(kRoad)});
  EXPECT_EQ(enter(2, seen_nothing(), {remove(kRoad)}), "g");
  EXPECT_EQ(deleted(), "yes@2 | yes@3");
}

TEST_F(MergeTest, UndeletingIsAnOrdinaryEdit) {
  enter(1, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(enter(2, seen_nothing(), {undelete()}), "c");
  EXPECT_EQ(deleted(), "yes@1 | no@2");
  EXPECT_EQ(enter(2, seen_up_to(2), {undelete()}), "a");
  EXPECT_EQ(deleted(), "no@3");
}

TEST_F(MergeTest, KeepingARecordSettlesAHeldBackDeletion) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(enter(1, seen_up_to(2), {undelete()}), "a");
  EXPECT_EQ(deleted(), "no@3");
  EXPECT_FALSE(is_contended());
}

// ---- rule 3: work on a deleted record

TEST_F(MergeTest, WorkThatDidNotKnowOfTheDeletionSpeaksAgainstIt) {
  enter(1, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(enter(2, seen_nothing(), {name("A")}), "a") << "the edit itself merges as always";
  EXPECT_EQ(deleted(), "yes@1 | no@2");
  EXPECT_TRUE(is_deleted() && is_contended());
}

TEST_F(MergeTest, WorkThatKnewOfTheDeletionDoesNot) {
  enter(1, seen_nothing(), {remove(kRoad)});
  EXPECT_EQ(enter(2, seen_up_to(1), {name("A")}), "a");
  EXPECT_EQ(deleted(), "yes@1");
}

TEST_F(MergeTest, KnowingOneOfSeveralDeletionsIsKnowing) {
  enter(1, seen_nothing(), {remove(kRoad)});
  enter(2, seen_nothing(), {remove(kRoad)});
  enter(2, seen_up_to(0, 1), {name("A")});
  EXPECT_EQ(deleted(), "yes@1 | yes@2");
}

TEST_F(MergeTest, ANewNoReplacesTheSeenOnesAndOnlyOneIsAdded) {
  enter(1, seen_nothing(), {remove(kRoad)});
  enter(2, seen_nothing(), {name("A")});
  enter(3, seen_nothing(), {name("A")});
  const RecordEdits both =
      write(kRoad, {{kName, Value::text("B"), {}}, {kUnit, Value::text("km"), {}}});
  enter(2, seen_up_to(0, 1), {both});
  EXPECT_EQ(deleted(), "yes@1 | no@3 no@4");
}

TEST_F(MergeTest, AHeldBackDeletionNeedsNoAnswer) {
  enter(1, seen_nothing(), {name("A")});
  enter(2, seen_nothing(), {remove(kRoad)});
  enter(3, seen_nothing(), {unit("km")});
  EXPECT_EQ(deleted(), "- | yes@2") << "the record is not deleted";
}

// ---- refused entries

TEST_F(MergeTest, ARefusedEntryMovesOnlyTheChainAndThePlace) {
  enter(1, seen_nothing(), {name("A")});
  refuse(1);
  EXPECT_EQ(state_.position, 2U);
  EXPECT_EQ(state_.time_ms, 2U);
  EXPECT_EQ(state_.heads[1].seq, 2U);
  EXPECT_EQ(cell(kName), "A@1");
  EXPECT_EQ(enter(1, seen_up_to(0, 1), {name("B")}), "a") << "re-applied with its first context";
  EXPECT_EQ(cell(kName), "B@3");
}

}  // namespace
}  // namespace daftar
