// A PushRequest as the hub takes it from the wire.
#include "common/base/limits.h"
#include "common/ledger/frame.h"
#include "hub/writer.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

constexpr DeviceNumber kDevice = 7;

void check_batch(const hub::PushBatch& batch, const v1::PushRequest& request, Verdicts* verdicts) {
  require(batch.ledger == request.ledger() && batch.seal.seen.size == request.seen_size() &&
              hash_bytes(batch.seal.seen.root) == request.seen_root(),
          "a batch is of the request's ledger and seal");
  require(!batch.bytes.empty() && batch.changesets.size() == batch.bytes.size() &&
              batch.hashes.size() == batch.bytes.size(),
          "a batch has the decoded changeset and the hash of all its bytes");
  for (size_t i = 0; i < batch.bytes.size(); ++i) {
    const Changeset& changeset = batch.changesets[i];
    require(judge_changeset(batch.bytes[i], verdicts), "a batch has canonical changesets only");
    require(batch.hashes[i] == sha256(batch.bytes[i]), "a batch's hashes are of its changesets");
    require(changeset.device == kDevice && changeset.ledger == request.ledger(),
            "a batch is of one device and one ledger");
    require(changeset.seq - batch.changesets.front().seq == i, "a batch has no gap");
  }
  v1::PushRequest again = request;
  again.set_frame(encode_push_frame(batch.bytes));
  const auto read_again = hub::decode_batch(batch.device, again);
  require(read_again && read_again->bytes == batch.bytes && read_again->seal == batch.seal,
          "a batch that is sent again is the same");
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  v1::PushRequest request;
  if (!request.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  hub::Device device;
  device.number = kDevice;
  const std::optional<hub::PushBatch> batch = hub::decode_batch(device, request);
  if (batch) check_batch(*batch, request, verdicts);
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  daftar::v1::PushRequest request;
  if (random() % 4 == 0 || !request.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  request.set_frame(mutated_push_frame(request.frame(), max_size, random));
  return give_back(request.SerializeAsString(), data, size, max_size);
}
