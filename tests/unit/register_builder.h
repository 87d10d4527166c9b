// Registers for tests, from values as people type them.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/register/kinds.h"
#include "common/register/register.h"

namespace daftar {

inline Period period_of(const std::string& text) {
  const Result<ParsedPeriod> parsed = parse_period(text);
  if (!parsed.ok()) throw std::runtime_error(parsed.status().text());
  return parsed->period;
}

/// A record's state in which each field reads what was typed; references as RecordKey.
class RecordBuilder {
 public:
  explicit RecordBuilder(RecordKey key) : key_(std::move(key)) {}

  RecordBuilder& set(const std::string& name, const std::string& typed) {
    const Field* field = find_kind(key_.kind)->find(name);
    if (field == nullptr) throw std::runtime_error("no field " + name);
    const Result<Value> value = parse_value(*field, typed);
    if (!value.ok()) throw std::runtime_error(name + ": " + value.status().text());
    return put(field->number, *value);
  }
  RecordBuilder& refer(const std::string& name, const RecordKey& to) {
    return put(find_kind(key_.kind)->find(name)->number, Value::reference(to));
  }
  /// What nobody can type, and another program can send.
  RecordBuilder& send(const std::string& name, Value value) {
    return put(find_kind(key_.kind)->find(name)->number, std::move(value));
  }
  /// Another value that stands against the one that the field reads.
  RecordBuilder& contend(const std::string& name, Value value) {
    Cell& cell = state_.find_or_add(find_kind(key_.kind)->find(name)->number);
    cell.standing.push_back({2, 2, 1, std::move(value)});
    return *this;
  }
  /// What is written from now on is in the entry at that position.
  RecordBuilder& at(uint64_t position) {
    position_ = position;
    return *this;
  }
  RecordBuilder& remove() { return put(kDeletedField, Value::boolean(true)); }

  [[nodiscard]] const RecordKey& key() const { return key_; }
  [[nodiscard]] const RecordState& state() const { return state_; }

 private:
  RecordBuilder& put(FieldNumber field, Value value) {
    Cell& cell = state_.find_or_add(field);
    cell.has_current = true;
    cell.standing = {{position_, 1, 1, std::move(value)}};
    return *this;
  }

  RecordKey key_;
  RecordState state_;
  uint64_t position_ = 1;
};

/// Records that become a register, in the order in which they were added.
class RegisterBuilder {
 public:
  RecordKey add_area(const std::string& code) {
    RecordBuilder record({kind::kpa, 1, next_++, ""});
    record.set("code", code);
    return add(record);
  }
  RecordKey add_indicator(const std::string& code, const RecordKey& parent,
                          const std::string& direction = "higher") {
    RecordBuilder record({kind::indicator, 1, next_++, ""});
    record.set("code", code).refer("parent", parent);
    if (!direction.empty()) record.set("direction", direction);
    return add(record);
  }
  /// Another field of a record that was added.
  void set(const RecordKey& key, const std::string& name, const std::string& typed) {
    for (RecordBuilder& record : records_) {
      if (record.key() == key) record.set(name, typed);
    }
  }
  void remove(const RecordKey& key) {
    for (RecordBuilder& record : records_) {
      if (record.key() == key) record.remove();
    }
  }
  void baseline(const RecordKey& indicator, const std::string& value, const std::string& period) {
    RecordBuilder record({kind::baseline, indicator.device, indicator.counter, ""});
    record.set("value", value).set("period", period);
    add(record);
  }
  RecordKey target(const RecordKey& indicator, const std::string& period,
                   const std::string& value) {
    RecordBuilder record(of(kind::target, indicator, period));
    record.set("value", value);
    return add(record);
  }
  RecordKey measure(const RecordKey& indicator, const std::string& period,
                    const std::string& value) {
    RecordBuilder record(of(kind::measurement, indicator, period));
    record.set("value", value);
    return add(record);
  }
  RecordKey verify(const RecordKey& indicator, const std::string& period,
                   const std::string& verdict, const std::string& value = "") {
    RecordBuilder record(of(kind::verification, indicator, period));
    record.set("verdict", verdict);
    if (!value.empty()) record.set("value", value);
    return add(record);
  }
  void justify(const std::string& check, const RecordKey& about, const std::string& why) {
    RecordBuilder record({kind::justification, 1, next_++, ""});
    record.set("check", check).refer("about", about).set("text", why);
    add(record);
  }
  [[nodiscard]] Register build() const {
    Register made;
    for (const RecordBuilder& record : records_) made.take(record.key(), record.state());
    made.finish();
    return made;
  }
  std::vector<RecordBuilder>& records() { return records_; }

 private:
  RecordKey add(const RecordBuilder& record) {
    records_.push_back(record);
    return record.key();
  }
  static RecordKey of(KindNumber kind, const RecordKey& indicator, const std::string& period) {
    return {kind, indicator.device, indicator.counter, period_of(period).bytes()};
  }

  std::vector<RecordBuilder> records_;
  uint64_t next_ = 1;
};

}  // namespace daftar
