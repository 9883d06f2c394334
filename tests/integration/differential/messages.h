// The frontend messages that the differential test sends, as bytes (PostgreSQL 15, section 55.7). Written apart from
// dataplane/wire on purpose: a test that shares the code under test shares its mistakes.
#ifndef CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_MESSAGES_H_
#define CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::differential {

std::string Startup(std::string_view user, std::string_view database);
std::string Password(std::string_view password);
std::string Query(std::string_view sql);
std::string Parse(std::string_view name, std::string_view sql);
struct BindParams {
  std::string portal;
  std::string statement;
  std::vector<std::optional<std::string>> values;
  bool binary_results = false;
};
std::string Bind(const BindParams& params);
std::string DescribeStatement(std::string_view name);
std::string DescribePortal(std::string_view name);
std::string Execute(std::string_view portal, int32_t rows_max);
std::string CloseStatement(std::string_view name);
std::string ClosePortal(std::string_view name);
std::string CopyData(std::string_view data);
std::string CopyDone();
std::string CopyFail(std::string_view reason);
std::string Flush();
std::string Sync();

// One backend message.
struct Message {
  char type = 0;
  std::string body;
};

// A field of an ErrorResponse or NoticeResponse; empty when it is absent.
std::string_view Field(const Message& message, char field);
// One line for people.
std::string Show(const Message& message);

}  // namespace chaperone::differential

#endif  // CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_MESSAGES_H_
