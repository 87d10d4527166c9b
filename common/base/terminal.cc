#include "common/base/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace daftar {

Result<std::string> read_secret(const std::string& prompt) {
  const Status none(Code::invalid, Msg::passphrase_needed);
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0) return none;
  termios before{};
  if (::tcgetattr(terminal, &before) != 0) {
    ::close(terminal);
    return none;
  }
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal, TCSAFLUSH, &silent);
  std::string text;
  bool is_whole = ::write(terminal, prompt.data(), prompt.size()) >= 0;
  char byte = 0;
  while (is_whole) {
    is_whole = ::read(terminal, &byte, 1) == 1;
    if (!is_whole || byte == '\n') break;
    text += byte;
  }
  (void)!::write(terminal, "\n", 1);
  ::tcsetattr(terminal, TCSAFLUSH, &before);
  ::close(terminal);
  if (!is_whole) return none;
  return text;
}

bool is_terminal_output() { return isatty(STDOUT_FILENO) == 1; }

}  // namespace daftar
