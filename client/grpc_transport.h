// Transport over gRPC: answers come back on the owner's io_context.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "client/sync_session.h"

namespace daftar::client {

/// How a channel is to be made: limits, pings, the name of the hub's certificate.
grpc::ChannelArguments hub_channel_arguments();
/// Mutual TLS as the device of `identity`, whose key `key` is.
std::shared_ptr<grpc::ChannelCredentials> hub_credentials(const Identity& identity,
                                                          const SigningKey& key);
/// A channel to the device's hub; it connects when it is used, and again when a line comes back.
std::shared_ptr<grpc::Channel> connect_hub(const Identity& identity, const SigningKey& key);

class GrpcTransport : public Transport {
 public:
  /// `context` runs on one thread, the session's; it outlives the transport.
  GrpcTransport(boost::asio::io_context& context, std::shared_ptr<grpc::Channel> channel);
  /// Cancels what is under way and waits until gRPC has let go of it.
  ~GrpcTransport() override;

  /// The session that gets the answers; before the first call.
  void attach(SyncSession& session);

  void heads(const v1::HeadsRequest& request) override;
  void open_push() override;
  void push(const v1::PushRequest& request) override;
  void finish_push() override;
  void pull(const v1::PullRequest& request) override;
  void open_recover() override;
  void recover(const v1::RecoverRequest& request) override;
  void finish_recover() override;
  void cancel() override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace daftar::client
