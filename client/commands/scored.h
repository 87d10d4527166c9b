// A register with its scores, and how commands show them.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/commands/shared.h"
#include "common/score/explanation.h"

namespace daftar::client {

/// A register with its scores in some periods, as of one moment.
struct Scored {
  std::optional<uint64_t> position;  ///< as of which it is
  Register reg;
  Profile profile;
  ScoreTable table;
  std::unique_ptr<Scorer> scorer;

  [[nodiscard]] const Score& reported(NodeIndex node, size_t period = 0) const {
    return scorer->at(node, period);
  }
  [[nodiscard]] const Score& verified(NodeIndex node, size_t period = 0) const {
    return scorer->verified_at(node, period);
  }
};

/// All of one moment: the register, the profile that was in force or is asked for, and what was
/// due. `periods` empty: the one that the options name, else the newest that has begun.
Result<std::unique_ptr<Scored>> score_register(const Session& session, ClientStore& store,
                                               const LedgerInfo& ledger, View& view,
                                               const ScoreCommandOptions& options,
                                               std::vector<Period> periods = {});
/// The years and half-years that something was measured in, of those that have begun.
Result<std::vector<Period>> begun_periods(const Session& session, const Register& reg);

bool is_area(const Scored& scored, NodeIndex node);
std::string code_of(const Scored& scored, NodeIndex node);
std::string name_of_node(const Scored& scored, NodeIndex node);
RecordKey key_of(const Scored& scored, NodeIndex node);
/// The node of a record that was named, 0 for none; by the codes of that moment.
Result<NodeIndex> find_node(View& view, const Scored& scored, const std::string& name);
/// The indicators that hang from nothing, or from themselves.
std::vector<std::string> codes_outside(const Scored& scored);
/// Whether a figure stands on a target that was reckoned pro rata, its own or that of a part.
bool is_pro_rata(const Scored& scored, NodeIndex node, size_t period = 0);

/// Whether an indicator's own value is what its formula gives.
bool is_computed(const Scored& scored, NodeIndex node, size_t period = 0);
/// The money of an area; none of anything else.
Money money_of(const Scored& scored, NodeIndex node, size_t period = 0);

std::string_view terminal_colour(Colour colour);

nlohmann::json score_json(const Scored& scored, const Score& score);
nlohmann::json node_json(const Scored& scored, NodeIndex node, size_t period = 0);
nlohmann::json heading_json(const Scored& scored, const LedgerInfo& ledger);

/// `name`: whose scores they are.
void print_heading(const Scored& scored, const std::string& name);
void print_columns(bool has_verifications);
/// A line: symbol, score, word, coverage, accountability, verified score, `name`.
void print_score(const Scored& scored, const Score& reported, const Score& verified,
                 const std::string& name, bool shows_pro_rata);
void print_node(const Scored& scored, NodeIndex node, int depth);

}  // namespace daftar::client
