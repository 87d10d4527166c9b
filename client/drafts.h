// Cutting edits into changesets.
#pragma once

#include <vector>

#include "client/client_store.h"

namespace daftar::client {

/// The edits in changesets within the limits of the format, whole records each; each changeset with
/// the context, message and source of `like`. In any order.
std::vector<Draft> cut_into_drafts(std::vector<RecordEdits> edits, const Draft& like);

}  // namespace daftar::client
