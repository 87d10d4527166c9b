// daftar: the register of an office.
//
// It has neither gRPC nor TLS in it: to load that takes longer than to show a value. For the
// commands that speak with the hub it becomes daftar-line, the same commands with gRPC, which
// stands beside it.
#include "client/command_line.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

class LineElsewhere : public Line {
 public:
  explicit LineElsewhere(char** arguments) : arguments_(arguments) {}
  Status sync(const Session&) override { return become_line(); }
  Status agent(const Session&, const AgentCommandOptions&) override { return become_line(); }
  Result<Identity> enrol(const Session&, const CertificateWish&, const SigningKey&) override {
    return become_line();
  }
  Status learn(const Session&, ClientStore&, const Identity&, const SigningKey&) override {
    return become_line();
  }

 private:
  Status become_line() { return become_program("daftar-line", arguments_); }
  char** arguments_;
};

}  // namespace
}  // namespace daftar::client

int main(int count, char** arguments) {
  daftar::client::LineElsewhere line(arguments);
  return daftar::client::run_command_line(count, arguments, line);
}
