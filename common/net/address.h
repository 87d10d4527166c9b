// "host:port", as people write where a hub is.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace daftar {

/// Whether there is a host, a colon and a port from 0 to 65535.
bool is_address(std::string_view address);

/// An IPv6 host without its brackets. Precondition: is_address(address).
std::pair<std::string, std::string> host_and_port(std::string_view address);

/// The same host with another port.
std::string with_port(std::string_view address, int port);

}  // namespace daftar
