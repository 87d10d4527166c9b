// The checkpoints that a device shows (HeadsRequest) and those that a hub tells (HeadsReply). Their
// fields have the same numbers but other types, so that an input is one or the other.
#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"
#include "daftar/v1/hub.pb.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

void judge_request(const v1::HeadsRequest& request, Verdicts* verdicts) {
  std::map<std::string, TreeHead> known;
  for (const std::string& note : request.shown_checkpoints()) {
    const std::string origin = note.substr(0, note.find('\n'));
    const Result<TreeHead> head = judge_note(note, origin, verdicts);
    if (head.ok()) known[origin] = *head;
  }
  require(known_token(known).size() == 16, "a token has 16 bytes");
}

void judge_reply(const v1::HeadsReply& reply, Verdicts* verdicts) {
  for (const v1::LedgerHead& head : reply.ledgers()) {
    if (!is_ledger_name(head.ledger())) continue;
    (void)judge_note(head.checkpoint(), checkpoint_origin(kHubName, head.ledger()), verdicts);
    if (head.chain_link().size() != sizeof(Hash)) continue;
    require(hash_bytes(hash_from_bytes(head.chain_link())) == head.chain_link(),
            "a link is its bytes");
  }
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  v1::HeadsRequest request;
  if (request.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    judge_request(request, verdicts);
  }
  v1::HeadsReply reply;
  if (reply.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    judge_reply(reply, verdicts);
  }
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  daftar::v1::HeadsRequest request;
  daftar::v1::HeadsReply reply;
  if (random() % 3 != 0 && request.ParseFromArray(data, static_cast<int>(size)) &&
      request.shown_checkpoints_size() > 0) {
    const int at = static_cast<int>(random() % request.shown_checkpoints_size());
    request.set_shown_checkpoints(at,
                                  mutated_note(request.shown_checkpoints(at), max_size, random));
    return give_back(request.SerializeAsString(), data, size, max_size);
  }
  if (random() % 3 != 0 && reply.ParseFromArray(data, static_cast<int>(size)) &&
      reply.ledgers_size() > 0) {
    daftar::v1::LedgerHead& head =
        *reply.mutable_ledgers(static_cast<int>(random() % reply.ledgers_size()));
    head.set_checkpoint(mutated_note(head.checkpoint(), max_size, random));
    return give_back(reply.SerializeAsString(), data, size, max_size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
