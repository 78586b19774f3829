#include "common/wire/endpoint.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Spelling {
  const char* text;
  const char* host;
  int port;
};

constexpr Spelling kGoodSpellings[] = {
    {"127.0.0.1:7001", "127.0.0.1", 7001},
    {"localhost:0", "localhost", 0},
    {"bob.example:65535", "bob.example", 65535},
    {"*:1", "*", 1},
    {"[::1]:7001", "::1", 7001},
    {"[::]:0", "::", 0},
    {"[2001:db8::7:3]:80", "2001:db8::7:3", 80},
};

TEST(EndpointTest, ReadsHostAndPort) {
  for (const Spelling& good : kGoodSpellings) {
    const auto endpoint = ParseEndpoint(good.text);
    ASSERT_THAT(endpoint, IsOk()) << good.text;
    EXPECT_EQ(endpoint->host, good.host);
    EXPECT_EQ(endpoint->port, good.port);
  }
}

TEST(EndpointTest, WritesWhatItRead) {
  for (const Spelling& good : kGoodSpellings) {
    EXPECT_EQ(ParseEndpoint(good.text)->ToString(), good.text);
    EXPECT_EQ((Endpoint{good.host, good.port}).ToString(), good.text);
  }
}

TEST(EndpointTest, RefusesWhatIsNotHostAndPort) {
  for (const std::string text : {"",           ":",
                                 "7001",       ":7001",
                                 "host",       "host:",
                                 "host:x",     "host:1x",
                                 "host: 1",    "host:+1",
                                 "host:0x50",  "host:-1",
                                 "host:65536", "host:99999999999999999999",
                                 "host:1:",    "::1",
                                 "::1:7001",   "2001:db8::7:3",
                                 "[::1]",      "[::1]7001",
                                 "[::1]:",     "[::1]:65536",
                                 "[]:1",       "[:1",
                                 "]:1",        "[::1:7",
                                 "::1]:7",     "[[::1]]:7"}) {
    EXPECT_THAT(ParseEndpoint(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("'" + text + "' is not HOST:PORT"),
                               HasSubstr("from 0 to 65535"), HasSubstr("[::1]:7001"))));
  }
}

TEST(EndpointTest, LoopbackIsAnAddressAndNotAPrefixOfAName) {
  for (const char* host : {"127.0.0.1", "127.0.0.2", "127.255.255.255", "::1", "localhost"}) {
    EXPECT_TRUE((Endpoint{host, 1}).IsLoopback()) << host;
  }
  for (const char* host : {"127.evil.com", "127.0.0.1.evil.com", "127.0.0.1evil",
                           "localhost.evil.com", "128.0.0.1", "126.255.255.255", "10.127.0.1",
                           "0.0.0.0", "::", "*", "::2", "bob", ""}) {
    EXPECT_FALSE((Endpoint{host, 1}).IsLoopback()) << host;
  }
}

TEST(EndpointTest, KnowsTheWildcards) {
  for (const char* host : {"0.0.0.0", "::", "*"}) {
    EXPECT_TRUE((Endpoint{host, 1}).IsWildcard()) << host;
  }
  for (const char* host : {"127.0.0.1", "::1", "localhost", "0.0.0.1", ""}) {
    EXPECT_FALSE((Endpoint{host, 1}).IsWildcard()) << host;
  }
}

}  // namespace
}  // namespace kvwire
