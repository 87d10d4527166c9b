// A PullReply as a device takes it, and a RecoverRequest as a hub does: the same fields.
#include <algorithm>

#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"
#include "common/ledger/frame.h"
#include "daftar/v1/hub.pb.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

void check_entries(const std::vector<WireEntry>& entries, Verdicts* verdicts) {
  for (const WireEntry& entry : entries) {
    require(!entry.is_left_out || entry.changeset.empty(), "what is left out is not there");
    judge_header(entry.header, verdicts);
    if (entry.changeset.empty()) continue;
    const bool is_good = judge_changeset(entry.changeset, verdicts);
    require(!is_good || read_changeset_author(entry.changeset).ok(),
            "a good changeset has an author");
    (void)leaf_hash(entry.header, entry.changeset);
  }
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  v1::PullReply reply;
  v1::RecoverRequest request;
  const bool is_reply = reply.ParseFromArray(input.data(), static_cast<int>(input.size()));
  const bool is_request = request.ParseFromArray(input.data(), static_cast<int>(input.size()));
  require(is_reply == is_request, "what is sent back to a hub has the fields that it sent");
  if (!is_reply) return;
  require(reply.frame() == request.frame() && reply.checkpoint() == request.checkpoint() &&
              reply.ledger() == request.ledger() && reply.keys_size() == request.keys_size(),
          "a hub reads what it would have sent");
  // Both sides look the ledger up first.
  if (!is_ledger_name(reply.ledger())) return;
  (void)judge_note(reply.checkpoint(), checkpoint_origin(kHubName, reply.ledger()), verdicts);
  const Result<std::vector<WireEntry>> entries = decode_pull_frame(reply.frame());
  if (!entries.ok()) return;
  check_entries(*entries, verdicts);
  reply.set_frame(encode_pull_frame(*entries));
  const Result<std::vector<WireEntry>> again = decode_pull_frame(reply.frame());
  require(again.ok() && again->size() == entries->size(),
          "entries that are sent again are the same");
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  daftar::v1::PullReply reply;
  if (random() % 4 == 0 || !reply.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  if (random() % 4 == 0) {
    reply.set_checkpoint(mutated_note(reply.checkpoint(), max_size, random));
  } else {
    reply.set_frame(mutated_pull_frame(reply.frame(), max_size, random));
  }
  return give_back(reply.SerializeAsString(), data, size, max_size);
}
