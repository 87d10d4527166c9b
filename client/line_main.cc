// daftar-line: what `daftar` becomes for the commands that speak with the hub (main.cc says why).
#include "client/command_line.h"
#include "client/commands/over_line.h"

namespace daftar::client {
namespace {

class GrpcLine : public Line {
 public:
  Status sync(const Session& session) override { return run_sync_command(session); }
  Status agent(const Session& session, const AgentCommandOptions& options) override {
    return run_agent_command(session, options);
  }
  Result<Identity> enrol(const Session& session, const CertificateWish& wish,
                         const SigningKey& key) override {
    return ask_certificate(wish, key, session.clock->wall_ms());
  }
  Status learn(const Session& session, ClientStore& store, const Identity& identity,
               const SigningKey& key) override {
    return run_learn(session, store, identity, key);
  }
};

}  // namespace
}  // namespace daftar::client

int main(int count, char** arguments) {
  daftar::client::GrpcLine line;
  return daftar::client::run_command_line(count, arguments, line);
}
