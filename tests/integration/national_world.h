// A world in which an inspection holds `national`: what tests of authority share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "client/audit.h"
#include "client/national_replay.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {

inline constexpr FieldNumber kName = field::indicator_name_en;
inline const RecordKey kRoads = indicator_key(1, 1);

class NationalWorldTest : public testing::Test {
 protected:
  static const std::string& national() {
    static const std::string name(kNational);
    return name;
  }

  client::AuditReport audit(const std::string& ledger) {
    need(inspection.sync().report.status);
    return need(client::audit_ledger(inspection.store(), inspection.info(ledger)));
  }
  void expect_good(const std::string& ledger) {
    const client::AuditReport report = audit(ledger);
    EXPECT_TRUE(report.verdict.ok()) << report.verdict.text();
    EXPECT_EQ(report.judged, report.counts.entries - report.counts.refused) << ledger;
    EXPECT_GT(report.judged, 0U) << ledger;
  }
  // The directory as an auditor makes it of what the inspection holds.
  Directory directory() {
    need(inspection.sync().report.status);
    const auto replay = need(client::NationalReplay::begin(inspection.store()));
    return *need(replay->at(inspection.verified(national()).size));
  }

  static std::vector<RecordEdits> one(const RecordKey& key, FieldNumber field, Value value) {
    return {{key, {{field, std::move(value), {}}}}};
  }

  uint64_t save_in_national(TestDevice& device, const RecordKey& key, FieldNumber field,
                            Value value) {
    client::Draft draft;
    draft.context = device.context(national());
    draft.message = "national";
    draft.records = one(key, field, std::move(value));
    return device.save_draft(draft, national());
  }
  // A device whose user has that role, with national and the register open to it.
  TestDevice& add_with_role(Role role) {
    TestDevice& device = world.add_device({kTransport, national()});
    need(world.hub.store().grant(device.number(), false, {}, {}, role));
    need(device.sync().report.status);
    return device;
  }
  UserNumber user_of(TestDevice& device) { return need(device.store().identity()).user; }

  SyncWorld world;
  TestDevice& officer = world.add_device();
  TestDevice& inspection = world.add_inspection();
};

/// The same, with a hub that is put back.
class RestoredNationalTest : public NationalWorldTest {
 protected:
  // The hub's backup is put back, and the operator says so.
  void restore_hub() {
    world.hub.restore(world.folder / "backup");
    need(world.hub.store().begin_awaiting());
  }
};

}  // namespace daftar
