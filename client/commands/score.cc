// daftar score: figures of an administration, an area or an indicator, or of a sector.
#include <iostream>

#include "client/commands/organisations.h"
#include "client/commands/scored.h"
#include "client/profiles.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

struct Apart {
  Scope scope;
  std::string_view word;
};
constexpr Apart kApart[] = {{Scope::sectoral, "sectoral"},
                            {Scope::organisational, "organisational"}};

Score roll_up_scope(const Scored& scored, Scope scope, bool is_verified) {
  return scored.scorer->roll_up(0, 0, is_verified, [&](NodeIndex child) {
    return scored.reg.areas()[scored.table.items[child]].scope == scope;
  });
}

void print_tree(const Scored& scored, NodeIndex node, int depth, int deepest) {
  print_node(scored, node, depth);
  const ScoreNode& of = scored.table.nodes[node];
  if (depth >= deepest) return;
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    print_tree(scored, child, depth + 1, deepest);
  }
}

Json tree_json(const Scored& scored, NodeIndex node, int depth, int deepest) {
  Json object = node_json(scored, node);
  const ScoreNode& of = scored.table.nodes[node];
  if (depth >= deepest || of.children == 0) return object;
  object["parts"] = Json::array();
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    object["parts"].push_back(tree_json(scored, child, depth + 1, deepest));
  }
  return object;
}

void print_outside(const Scored& scored) {
  constexpr size_t kShown = 20;
  const std::vector<std::string> codes = codes_outside(scored);
  if (codes.empty()) return;
  std::string shown;
  for (size_t i = 0; i < codes.size() && i < kShown; ++i) shown += (i == 0 ? "" : ", ") + codes[i];
  if (codes.size() > kShown) shown += ", …";
  say(Msg::score_outside, {std::to_string(codes.size()), shown});
}

}  // namespace

Status run_score(const Session& session, const ScoreCommandOptions& options) {
  if (!options.sector.empty() || !options.ministry.empty()) {
    return score_organisations(session, options, false);
  }
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const auto scored,
                          score_register(session, *store, ledger, view, options));
  DAFTAR_ASSIGN_OR_RETURN(const NodeIndex node, find_node(view, *scored, options.record));
  constexpr int kEverything = 1'000;
  const int deepest = options.all ? kEverything : 1;
  if (session.as_json) {
    Json object = heading_json(*scored, ledger);
    object.update(tree_json(*scored, node, 0, deepest));
    if (node == 0) {
      for (const Apart& apart : kApart) {
        Json& of = object[std::string(apart.word)];
        of = score_json(*scored, roll_up_scope(*scored, apart.scope, false));
        if (scored->table.has_verifications) {
          of["verified"] = score_json(*scored, roll_up_scope(*scored, apart.scope, true));
        }
      }
      object["outside"] = codes_outside(*scored);
    }
    print_json(object);
    return {};
  }
  print_heading(*scored, ledger.name);
  if (!options.weights.empty()) say(Msg::score_what_if, {});
  print_columns(scored->table.has_verifications);
  if (node == 0) {
    print_node(*scored, 0, 0);
    for (const Apart& apart : kApart) {
      print_score(*scored, roll_up_scope(*scored, apart.scope, false),
                  roll_up_scope(*scored, apart.scope, true), words_of("choice.scope", apart.word),
                  false);
    }
    const ScoreNode& of = scored->table.nodes[0];
    for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
      print_tree(*scored, child, 1, deepest);
    }
    print_outside(*scored);
  } else {
    print_tree(*scored, node, 0, deepest);
  }
  return {};
}

}  // namespace daftar::client
