#include "tests/integration/differential/messages.h"

#include <fmt/format.h>

namespace chaperone::differential {
namespace {

void Append32(std::string* out, uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out->push_back(static_cast<char>(value >> shift));
}

void Append16(std::string* out, uint16_t value) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

void AppendText(std::string* out, std::string_view text) {
  out->append(text);
  out->push_back('\0');
}

std::string Framed(char type, std::string_view body) {
  std::string out(1, type);
  Append32(&out, static_cast<uint32_t>(body.size() + 4));
  return out.append(body);
}

std::string Named(char type, char kind, std::string_view name) {
  std::string body(1, kind);
  AppendText(&body, name);
  return Framed(type, body);
}

}  // namespace

std::string Startup(std::string_view user, std::string_view database) {
  std::string body;
  Append32(&body, 196608);
  for (const std::string_view text : {std::string_view("user"), user, std::string_view("database"), database}) {
    AppendText(&body, text);
  }
  body.push_back('\0');
  std::string out;
  Append32(&out, static_cast<uint32_t>(body.size() + 4));
  return out + body;
}

std::string Password(std::string_view password) {
  std::string body;
  AppendText(&body, password);
  return Framed('p', body);
}

std::string Query(std::string_view sql) {
  std::string body;
  AppendText(&body, sql);
  return Framed('Q', body);
}

std::string Parse(std::string_view name, std::string_view sql) {
  std::string body;
  AppendText(&body, name);
  AppendText(&body, sql);
  Append16(&body, 0);
  return Framed('P', body);
}

std::string Bind(const BindParams& params) {
  std::string body;
  AppendText(&body, params.portal);
  AppendText(&body, params.statement);
  Append16(&body, 0);
  Append16(&body, static_cast<uint16_t>(params.values.size()));
  for (const auto& value : params.values) {
    Append32(&body, value ? static_cast<uint32_t>(value->size()) : 0xffffffff);
    body.append(value.value_or(""));
  }
  Append16(&body, 1);
  Append16(&body, params.binary_results ? 1 : 0);
  return Framed('B', body);
}

std::string DescribeStatement(std::string_view name) { return Named('D', 'S', name); }
std::string DescribePortal(std::string_view name) { return Named('D', 'P', name); }
std::string CloseStatement(std::string_view name) { return Named('C', 'S', name); }
std::string ClosePortal(std::string_view name) { return Named('C', 'P', name); }

std::string Execute(std::string_view portal, int32_t rows_max) {
  std::string body;
  AppendText(&body, portal);
  Append32(&body, static_cast<uint32_t>(rows_max));
  return Framed('E', body);
}

std::string CopyData(std::string_view data) { return Framed('d', data); }
std::string CopyDone() { return Framed('c', ""); }

std::string CopyFail(std::string_view reason) {
  std::string body;
  AppendText(&body, reason);
  return Framed('f', body);
}

std::string Flush() { return Framed('H', ""); }
std::string Sync() { return Framed('S', ""); }

std::string_view Field(const Message& message, char field) {
  std::string_view rest = message.body;
  while (!rest.empty() && rest.front() != '\0') {
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) return "";
    if (rest.front() == field) return rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  }
  return "";
}

std::string Show(const Message& message) {
  if (message.type == 'E' || message.type == 'N') {
    return fmt::format("{} {} {} {}", message.type, Field(message, 'S'), Field(message, 'C'), Field(message, 'M'));
  }
  std::string out(1, message.type);
  out.push_back(' ');
  for (const char c : message.body) {
    if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      out += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    }
    if (out.size() > 200) return out + " …";
  }
  return out;
}

}  // namespace chaperone::differential
