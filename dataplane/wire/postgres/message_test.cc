#include <catch2/catch.hpp>
#include <string>

#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frontend.h"
#include "dataplane/wire/postgres/startup.h"

namespace chaperone::wire::postgres {
namespace {

std::string_view Body(const std::string& frame) { return std::string_view(frame).substr(5); }

std::string SampleBind() {
  std::string frame;
  MessageWriter writer(&frame);
  writer.Begin('B').CString("p").CString("s").U16(2).U16(0).U16(1);
  writer.U16(2).U32(2).Bytes("hi").U32(0xffffffff).U16(1).U16(1).End();
  return frame;
}

TEST_CASE("a Bind decodes into names, values and formats") {
  const std::string frame = SampleBind();
  Bind bind;
  REQUIRE(DecodeBind(Body(frame), &bind).ok());
  CHECK(bind.portal == "p");
  CHECK(bind.statement == "s");
  REQUIRE(bind.values.size() == 2);
  BindValues values = bind.values;
  CHECK(values.Next().bytes == "hi");
  CHECK(values.Next().is_null);
  CHECK_FALSE(bind.IsBinary(0));
  CHECK(bind.IsBinary(1));
  CHECK(bind.result_formats[0] == 1);
}

TEST_CASE("a message that is cut or too long anywhere is refused [fail-closed]") {
  const std::string frame = SampleBind();
  Bind bind;
  for (size_t size = 0; size < Body(frame).size(); ++size) {
    CHECK_FALSE(DecodeBind(Body(frame).substr(0, size), &bind).ok());
  }
  CHECK_FALSE(DecodeBind(std::string(Body(frame)) + "x", &bind).ok());
}

TEST_CASE("a Bind with hostile counts, lengths and formats is refused [fail-closed]") {
  Bind bind;
  std::string frame;
  MessageWriter(&frame).Begin('B').CString("").CString("").U16(0).U16(1).U32(0xfffffffe).U16(0).End();
  CHECK_FALSE(DecodeBind(Body(frame), &bind).ok());
  frame.clear();
  MessageWriter(&frame).Begin('B').CString("").CString("").U16(3).U16(0).U16(0).U16(0).U16(1).U32(0).U16(0).End();
  CHECK_FALSE(DecodeBind(Body(frame), &bind).ok());
  frame.clear();
  MessageWriter(&frame).Begin('B').CString("").CString("").U16(1).U16(7).U16(0).U16(0).End();
  CHECK_FALSE(DecodeBind(Body(frame), &bind).ok());
  frame.clear();
  MessageWriter(&frame).Begin('B').CString("").CString("").U16(0).U16(65535).End();
  CHECK_FALSE(DecodeBind(Body(frame), &bind).ok());
}

TEST_CASE("a statement with a NUL inside is refused [fail-closed]") {
  Query query;
  CHECK(DecodeQuery(std::string_view("SELECT 1\0", 9), &query).ok());
  CHECK_FALSE(DecodeQuery(std::string_view("SELECT 1\0; DROP TABLE t\0", 24), &query).ok());
  CHECK_FALSE(DecodeQuery("SELECT 1", &query).ok());
  CHECK_FALSE(DecodeQuery("", &query).ok());
}

TEST_CASE("what is appended decodes again") {
  std::string frame;
  AppendParse("s1", "SELECT $1", &frame);
  Parse parse;
  REQUIRE(DecodeParse(Body(frame), &parse).ok());
  CHECK(parse.text == "SELECT $1");
  frame.clear();
  AppendDescribe(ObjectKind::kPortal, "p1", &frame);
  Describe describe;
  REQUIRE(DecodeDescribe(Body(frame), &describe).ok());
  CHECK(describe.kind == ObjectKind::kPortal);
  CHECK_FALSE(DecodeDescribe(std::string_view("Xp\0", 3), &describe).ok());
  frame.clear();
  AppendExecute("p1", 7, &frame);
  Execute execute;
  REQUIRE(DecodeExecute(Body(frame), &execute).ok());
  CHECK(execute.rows_max == 7);
}

TEST_CASE("startup packets of each kind are told apart") {
  std::string packet;
  AppendSslRequest(&packet);
  CHECK(std::holds_alternative<SslRequest>(*DecodeStartupPacket(packet)));
  packet.clear();
  AppendCancelRequest(42, "key!", &packet);
  CHECK(std::get<CancelRequest>(*DecodeStartupPacket(packet)).key == "key!");
  packet.clear();
  AppendStartup({{"user", "agent"}, {"database", "shop"}, {"database", "shop2"}}, &packet);
  const auto decoded = DecodeStartupPacket(packet);
  CHECK(std::get<Startup>(*decoded).Find("user") == "agent");
  CHECK(std::get<Startup>(*decoded).Find("database") == "shop2");
  CHECK(std::get<Startup>(*decoded).Find("options").empty());
}

TEST_CASE("malformed startup packets are refused") {
  std::string packet;
  AppendStartup({{"user", "agent"}}, &packet);
  for (size_t size = 8; size < packet.size(); ++size) {
    std::string cut = packet.substr(0, size);
    StoreU32(cut.data(), static_cast<uint32_t>(size));
    if (size == 8) {
      continue;  // no parameters and no terminator: checked below
    }
    CHECK_FALSE(DecodeStartupPacket(cut).ok());
  }
  CHECK_FALSE(DecodeStartupPacket(packet + "x").ok());
  std::string version2 = packet;
  StoreU32(version2.data() + 4, 2 << 16);
  CHECK(DecodeStartupPacket(version2).status().code() == absl::StatusCode::kUnimplemented);
  std::string cancel;
  AppendCancelRequest(1, "ab", &cancel);
  CHECK_FALSE(DecodeStartupPacket(cancel).ok());
}

TEST_CASE("a row description and rows decode, hostile ones do not [fail-closed]") {
  std::string frame;
  MessageWriter(&frame)
      .Begin('T')
      .U16(1)
      .CString("email")
      .U32(16384)
      .U16(3)
      .U32(25)
      .U16(0xffff)
      .U32(0xffffffff)
      .U16(0)
      .End();
  std::vector<FieldDescription> fields;
  REQUIRE(DecodeRowDescription(Body(frame), &fields).ok());
  CHECK(fields[0].name == "email");
  CHECK(fields[0].table_oid == 16384);
  CHECK(fields[0].attnum == 3);
  CHECK_FALSE(DecodeRowDescription(Body(frame).substr(0, 8), &fields).ok());
  std::vector<RowCell> cells;
  CHECK(DecodeDataRow(std::string_view("\0\2\xff\xff\xff\xff\0\0\0\1x", 11), &cells).ok());
  CHECK(cells[1].bytes == "x");
  CHECK_FALSE(DecodeDataRow(std::string_view("\0\1\xff\xff\xff\xfe", 6), &cells).ok());
  CHECK_FALSE(DecodeDataRow(std::string_view("\0\1\0\0\0\2x", 7), &cells).ok());
  CHECK_FALSE(DecodeDataRow(std::string_view("\0\1\0\0\0\0x", 7), &cells).ok());
  CHECK_FALSE(DecodeDataRow(std::string_view("\xff\xff", 2), &cells).ok());
}

TEST_CASE("errors keep their fields, and one without SQLSTATE is refused") {
  std::string frame;
  AppendError({"ERROR", "42501", "denied", "{\"decision\":\"deny\"}", "ask", 3}, &frame);
  const auto fields = ErrorFields::Decode(Body(frame));
  REQUIRE(fields.ok());
  CHECK(fields->sqlstate() == "42501");
  CHECK(fields->Get('H') == "ask");
  CHECK(fields->Get('P') == "3");
  CHECK_FALSE(ErrorFields::Decode(std::string_view("SERROR\0Mx\0\0", 11)).ok());
  CHECK_FALSE(ErrorFields::Decode(std::string_view("SERROR", 6)).ok());
  CHECK_FALSE(ErrorFields::Decode(std::string_view()).ok());
}

TEST_CASE("a tag's row count is its last number") {
  CHECK(RowsOfTag("INSERT 0 12") == 12);
  CHECK(RowsOfTag("SELECT 3") == 3);
  CHECK(RowsOfTag("BEGIN") == 0);
  CHECK(RowsOfTag("DROP TABLE") == 0);
}

}  // namespace
}  // namespace chaperone::wire::postgres
