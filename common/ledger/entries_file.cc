#include "common/ledger/entries_file.h"

#include <cstring>

#include "common/base/limits.h"
#include "common/ledger/bytes.h"

namespace daftar {
namespace {

constexpr std::string_view kFamily = "daftar entries ";
constexpr std::string_view kMagic = "daftar entries 2\n";

void put_key(std::string& out, const PublicKey& key) {
  out.append(reinterpret_cast<const char*>(key.data()), key.size());
}

PublicKey read_key(Reader& reader) {
  PublicKey key{};
  const std::string_view raw = reader.raw(key.size());
  if (reader.ok()) std::memcpy(key.data(), raw.data(), key.size());
  return key;
}

void pass_entry(Reader& reader) {
  reader.bytes(limits::kHeaderBytes);
  reader.bytes(limits::kChangesetBytes);
}

}  // namespace

std::string encode_entries_file(const EntriesFile& file) {
  std::string out(kMagic);
  put_bytes(out, file.ledger);
  put_n(out, file.size);
  out += file.entries;
  put_bytes(out, hash_bytes(file.digest));
  put_bytes(out, file.note);
  put_key(out, file.hub_key);
  put_n(out, file.device_keys.size());
  for (const auto& [device, key] : file.device_keys) {
    put_n(out, device);
    put_key(out, key);
  }
  return out;
}

Result<EntriesFile> decode_entries_file(std::string_view bytes) {
  const Status bad(Code::corrupt, Msg::entries_file_bad);
  if (!bytes.starts_with(kMagic)) {
    const bool is_newer = bytes.starts_with(kFamily) && bytes.size() > kFamily.size() &&
                          bytes[kFamily.size()] >= '3' && bytes[kFamily.size()] <= '9';
    return is_newer ? Status(Code::newer_version, Msg::format_newer) : bad;
  }
  Reader reader(bytes.substr(kMagic.size()));
  EntriesFile file;
  file.ledger = reader.bytes(limits::kLedgerNameBytes);
  file.size = reader.n();
  const size_t begin = reader.position();
  for (uint64_t i = 0; i < file.size && reader.ok(); ++i) pass_entry(reader);
  file.entries = reader.since(begin);
  const std::string_view digest = reader.bytes(sizeof(Hash));
  file.note = reader.bytes(limits::kNoteBytes);
  file.hub_key = read_key(reader);
  const uint64_t devices = reader.n();
  DeviceNumber last = 0;
  for (uint64_t i = 0; i < devices && reader.ok(); ++i) {
    const DeviceNumber device = reader.n_within(last + 1, limits::kNumber);
    file.device_keys[device] = read_key(reader);
    last = device;
  }
  if (!reader.ok() || !reader.at_end() || digest.size() != sizeof(Hash) ||
      !is_ledger_name(file.ledger)) {
    return bad;
  }
  file.digest = hash_from_bytes(digest);
  return file;
}

Status visit_entries(
    const EntriesFile& file,
    const std::function<Status(std::string_view header, std::string_view changeset)>& visit) {
  Reader reader(file.entries);
  for (uint64_t i = 0; i < file.size; ++i) {
    const std::string_view header = reader.bytes(limits::kHeaderBytes);
    const std::string_view changeset = reader.bytes(limits::kChangesetBytes);
    DAFTAR_RETURN_IF_ERROR(visit(header, changeset));
  }
  return {};
}

}  // namespace daftar
