// A hub that was restored from an older copy of its folder: what tests of that share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {

inline constexpr FieldNumber kName = field::indicator_name_en;
inline constexpr FieldNumber kArabicName = field::indicator_name_ar;
inline const RecordKey kRoads = indicator_key(1, 1);
inline const RecordKey kBuses = indicator_key(2, 1);

class RestoredHubTest : public testing::Test {
 protected:
  // `first` has two entries that the hub then forgets; `late` knows the old ones only.
  RestoredHubTest() {
    first.save(kRoads, kName, "Roads");
    need(first.sync().report.status);
    need(late.sync().report.status);
    world.hub.back_up(world.folder / "backup");
    first.save(kRoads, kName, "Roads, after the backup");
    need(first.sync().report.status);
    first.save(kRoads, kName, "Roads, again");
    need(first.sync().report.status);
    forgotten = world.hub.head(kTransport);
    digest = world.hub.digest(kTransport);
    world.hub.restore(world.folder / "backup");
  }

  SyncWorld world;
  TestDevice& first = world.add_device();
  TestDevice& late = world.add_device();
  TreeHead forgotten;
  Hash digest{};
};

}  // namespace daftar
