#include "tests/unit/format_vectors.h"

#include <utility>
#include <vector>

#include "common/ledger/chain.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"
#include "tests/unit/ledger_builders.h"
#include "tests/unit/refused_vectors.h"

namespace daftar::vectors {
namespace {

Json numbers() {
  Json list = Json::array();
  for (const uint64_t value : std::vector<uint64_t>{0,
                                                    1,
                                                    240,
                                                    241,
                                                    495,
                                                    496,
                                                    2287,
                                                    2288,
                                                    67'823,
                                                    67'824,
                                                    0xFFFFFF,
                                                    0x1000000,
                                                    0xFFFFFFFF,
                                                    0x100000000,
                                                    0xFFFFFFFFFF,
                                                    0x10000000000,
                                                    0xFFFFFFFFFFFF,
                                                    0x1000000000000,
                                                    0xFFFFFFFFFFFFFF,
                                                    0x100000000000000,
                                                    UINT64_MAX}) {
    list.push_back({{"value", std::to_string(value)}, {"hex", to_hex(n_bytes(value))}});
  }
  return list;
}

Json decimals() {
  Json list = Json::array();
  for (const char* text :
       {"0", "1", "-1", "12.5", "0.2", "-0.001", "100", "1200", "0.00000053", "5e50", "1e-40",
        "9999999999999999999", "10000000000000000001", "-10000000000000000001",
        "99999999999999999999999999999999999999", "1e6000", "-1e-6000"}) {
    list.push_back(
        {{"text", number(text).as_decimal()->text()}, {"hex", to_hex(number(text).bytes())}});
  }
  return list;
}

std::vector<std::pair<const char*, Changeset>> changesets() {
  const auto made = [](const auto& change) {
    Changeset changeset = small_changeset();
    change(changeset);
    return changeset;
  };
  const RecordKey key{4, 7, 1042, ""};
  return {
      {"one edit", small_changeset()},
      {"continues", made([](Changeset& c) {
         c.seq = 1;
         c.context = {};
         c.continues = ChainPoint{3, 300, filled_hash(0xC0)};
       })},
      {"a foreign context", made([](Changeset& c) {
         c.context = {9, 0, ChainPoint{300, 2, filled_hash(0xF0)}};
       })},
      {"an import with places of both forms", made([&](Changeset& c) {
         c.source = Source{"wb-7", "مؤشرات.xlsx", filled_hash(0x50)};
         c.records = {write(key, {{1, Value::text("a"), Place{"", 70'000, 0}},
                                  {2, Value::text("b"), Place{"ورقة", 12, 3}},
                                  {3, Value::text("c"), Place{"", 5, 0}},
                                  {4, Value::text("d"), std::nullopt}})};
       })},
      {"made again", made([](Changeset& c) { c.origin = filled_hash(0x0A); })},
      {"continues, a foreign context, a source and an origin", made([](Changeset& c) {
         c.seq = 1;
         c.continues = ChainPoint{3, 1, filled_hash(0xC0)};
         c.context = {5, 0, ChainPoint{3, 1, filled_hash(0xC0)}};
         c.source = Source{"", "table.csv", filled_hash(0x50)};
         c.origin = filled_hash(0x0A);
       })},
      {"every type of value", made([&](Changeset& c) {
         const Value inner = Value::list({Value::list({Value::list({Value()})})});
         c.records = {write(key, {{1, Value(), {}},
                                  {2, Value::boolean(true), {}},
                                  {3, number("-12.5"), {}},
                                  {4, Value::text("طرق"), {}},
                                  {5, Value::reference({4, 1, 1, ""}), {}},
                                  {6, Value::period(from_hex("0fc62117")), {}},
                                  {7, Value::time(1), {}},
                                  {8, Value::list({inner, Value::text("")}), {}},
                                  {9'999, Value::choice(9), {}}})};
       })},
      {"every step between keys, and deletions", made([](Changeset& c) {
         c.records = {remove({1, 1, 1, ""}),
                      write({1, 1, 1, "a"}, 1, Value()),
                      write({1, 1, 1, "ab"}, 1, Value()),
                      write({1, 1, 900, ""}, 1, Value()),
                      write({1, 80'000, 1, ""}, 1, Value()),
                      write({2, 1, 1, "q"}, 1, Value()),
                      write({300, 1, 1, ""}, kDeletedField, Value::boolean(false))};
       })},
      {"the largest numbers", made([](Changeset& c) {
         c.device = c.seq = c.author = c.time_ms = c.context.position = UINT64_MAX;
         c.context.own_seq = 0;
         c.records = {write({UINT64_MAX, UINT64_MAX, UINT64_MAX, std::string(64, '\xFF')}, 1,
                            Value::time(UINT64_MAX))};
       })},
  };
}

Json headers() {
  EntryHeader plain;
  plain.position = 1;
  plain.time_ms = 1'750'000'000'000;
  EntryHeader judged = plain;
  judged.position = 67'824;
  judged.national = 300;
  judged.link_matched = true;
  judged.exceptions = {{0, Outcome::contended}, {1, Outcome::agreed}, {4'999, Outcome::contended}};
  EntryHeader sealed = judged;
  Signature signature{};
  signature.fill(0x51);
  sealed.seal = Seal{{67'000, filled_hash(0x52)}, signature};
  EntryHeader refused = plain;
  refused.position = 241;
  refused.refusal = Refusal{7, 3, RefusalReason::origin_entered, filled_hash(0x53)};
  EntryHeader refused_and_sealed = refused;
  refused_and_sealed.seal = Seal{{0, sha256("")}, signature};
  Json list = Json::array();
  for (const EntryHeader& header : {plain, judged, sealed, refused, refused_and_sealed}) {
    list.push_back(
        {{"hex", to_hex(encode_header(header))}, {"position", std::to_string(header.position)}});
  }
  return list;
}

std::string raw(const PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

Json links() {
  Json list = Json::array();
  for (const DeviceNumber device : {uint64_t{7}, uint64_t{70'000}}) {
    const PublicKey key = test_key('d').public_key();
    const Hash link0 = chain_start("administration/transport", device, key);
    const std::string changeset = *encode_changeset(small_changeset());
    list.push_back({{"ledger", "administration/transport"},
                    {"device", device},
                    {"key", to_hex(raw(key))},
                    {"link0", to_hex(link0)},
                    {"changeset", to_hex(changeset)},
                    {"link1", to_hex(chain_next(link0, changeset))}});
  }
  return list;
}

Json notes() {
  const SigningKey hub = test_key('h');
  const std::string origin = "hub.example/administration/transport";
  const TreeHead head{5, filled_hash(0x77)};
  const std::string plain = make_checkpoint(hub, origin, head);
  // A note over the same body by somebody else; its signature line is added to the hub's.
  std::string other = make_checkpoint(test_key('c'), origin, head);
  other = other.substr(other.find("\n\n") + 2);
  Json list = Json::array();
  const auto add = [&](const std::string& note, const TreeHead& says) {
    list.push_back({{"note", note},
                    {"key", to_hex(raw(hub.public_key()))},
                    {"origin", origin},
                    {"size", std::to_string(says.size)},
                    {"root", to_hex(says.root)}});
  };
  add(plain, head);
  add(plain + other, head);
  const TreeHead empty{0, sha256("")};
  add(make_checkpoint(hub, origin, empty), empty);
  const TreeHead large{UINT64_MAX, filled_hash(0x78)};
  add(make_checkpoint(hub, origin, large), large);
  return list;
}

Json cosignatures() {
  const SigningKey watcher = test_key('w');
  const std::string note = make_checkpoint(test_key('h'), "hub.example/administration/transport",
                                           {5, filled_hash(0x77)});
  Json list = Json::array();
  for (const uint64_t time_s : {uint64_t{0}, uint64_t{1'679'315'147}, uint64_t{INT64_MAX}}) {
    const std::string name = cosigner_name("hub.example", 9);
    list.push_back({{"note", note + make_cosignature(watcher, name, note, time_s)},
                    {"key", to_hex(raw(watcher.public_key()))},
                    {"name", name},
                    {"time", std::to_string(time_s)}});
  }
  return list;
}

Json refused_notes() {
  const SigningKey hub = test_key('h');
  const std::string origin = "hub.example/national";
  const std::string note = make_checkpoint(hub, origin, {5, filled_hash(0x77)});
  const size_t gap = note.find("\n\n");
  std::string signature_of_other = make_checkpoint(test_key('c'), origin, {5, filled_hash(0x77)});
  signature_of_other = signature_of_other.substr(signature_of_other.find("\n\n") + 2);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = note;
    return changed.replace(changed.find(from), from.size(), to);
  };
  Json list = Json::array();
  const auto add = [&](const char* name, const std::string& text) {
    list.push_back({{"name", name}, {"note", text}, {"key", to_hex(raw(hub.public_key()))}});
  };
  add("nothing", "");
  add("another size than was signed", replaced("\n5\n", "\n6\n"));
  add("a size with a leading zero", replaced("\n5\n", "\n05\n"));
  add("another root than was signed", replaced("d3d3", "d3d4"));
  add("another origin than was signed", replaced("national", "rational"));
  add("a further line that was not signed", replaced("\n\n", "\nfurther\n\n"));
  add("no empty line", replaced("\n\n", "\n"));
  add("no signature", note.substr(0, gap + 2));
  add("another key's signature alone", note.substr(0, gap + 2) + signature_of_other);
  add("a signature line that does not end", note.substr(0, note.size() - 1));
  add("a hyphen for the dash", replaced("\u2014", "-"));
  return list;
}

}  // namespace

Json make_vectors() {
  Json all;
  all["n"] = numbers();
  all["n_refused"] = {"",
                      "f1",
                      "f9",
                      "f900",
                      "fa0108",
                      "f100",
                      "fa000000",
                      "fa0108ef",
                      "fb00ffffff",
                      "fc00ffffffff",
                      "fe00ffffffffffff",
                      "ff00ffffffffffffff",
                      "ffffffffffffff",
                      "0000"};
  all["decimals"] = decimals();
  all["changesets"] = Json::array();
  for (const auto& [name, changeset] : changesets()) {
    all["changesets"].push_back({{"name", name},
                                 {"hex", to_hex(*encode_changeset(changeset))},
                                 {"edits", changeset.edit_count()}});
  }
  all["changesets_refused"] = Json::array();
  for (const Refused& c : refused_changesets()) {
    all["changesets_refused"].push_back({{"name", c.name}, {"hex", c.hex}});
  }
  all["headers"] = headers();
  all["headers_refused"] = Json::array();
  for (const Refused& c : refused_headers()) {
    all["headers_refused"].push_back({{"name", c.name}, {"hex", c.hex}});
  }
  all["links"] = links();
  all["notes"] = notes();
  all["notes_refused"] = refused_notes();
  all["cosignatures"] = cosignatures();
  all["ledgers"] = {make_ledger_vector(), make_empty_ledger_vector()};
  all["receipts"] = make_receipt_vectors();
  return all;
}

}  // namespace daftar::vectors
