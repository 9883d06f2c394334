#include "dataplane/recorder/spool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "api/base/fake_clock.h"
#include "dataplane/recorder/chunker.h"
#include "dataplane/recorder/crc32c.h"
#include "dataplane/recorder/session_recorder.h"

namespace chaperone::recorder {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    char name[] = "/tmp/chaperone-spool-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string path;
};

SpoolOptions Small(const Folder& folder) { return {folder.path, 64 << 10, 512 << 10, 128 << 10}; }

const base::FakeClock& TheClock() {
  static const base::FakeClock clock;
  return clock;
}

bool Write(Spool& spool, const base::SessionId& session, std::string_view text) {
  SessionRecorder recorder(spool, session);
  const bool appended = recorder.Append(1, recording::StatementText{1, text});
  recorder.Commit();
  return appended;
}

// Everything from `position` on, as texts of StatementText records.
std::vector<std::string> Texts(Spool& spool, uint64_t position, uint64_t* end = nullptr) {
  std::vector<std::string> texts;
  std::vector<Spool::Frame> frames;
  for (;;) {
    uint64_t next = 0;
    spool.Read(position, 4096, &frames, &next);
    for (const auto& frame : frames) {
      recording::Record record;
      recording::RecordReader reader(frame.session, frame.records);
      while (*reader.Next(&record)) {
        texts.emplace_back(std::get<recording::StatementText>(record.body).text);
      }
    }
    if (next == position) {
      break;
    }
    position = next;
  }
  if (end != nullptr) {
    *end = position;
  }
  return texts;
}

TEST_CASE("CRC-32C has its known value, with and without the instruction") {
  const auto* digits = reinterpret_cast<const uint8_t*>("123456789");
  CHECK(Crc32cPortable(digits, 9) == 0xe3069283);
  CHECK(Crc32c(digits, 9) == 0xe3069283);
}

TEST_CASE("what is written is read in order, over segments") {
  const Folder folder;
  SpoolOptions options = Small(folder);
  // The second is made ready in several steps.
  options.segment_bytes = GENERATE(uint64_t{64} << 10, uint64_t{200} << 10);
  const auto spool = *Spool::Create(options, base::SpoolId::New(TheClock()));
  const auto session = base::SessionId::New(TheClock());
  std::vector<std::string> written;
  for (int i = 0; i < 300; ++i) {
    written.push_back(fmt::format("{} {}", i, std::string(1000, 'x')));
    REQUIRE(Write(*spool, session, written.back()));
  }
  CHECK(Texts(*spool, 0) == written);
}

TEST_CASE("acknowledged segments leave the disk, and the rest stays") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  const auto session = base::SessionId::New(TheClock());
  std::vector<Spool::Frame> frames;
  uint64_t next = 0;
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(Write(*spool, session, std::string(1000, 'x')));
    spool->Read(spool->acknowledged(), 1 << 20, &frames, &next);
    spool->Acknowledge(next);
  }
  CHECK(spool->UnacknowledgedBytes() == 0);
  CHECK(std::distance(fs::recursive_directory_iterator(folder.path), fs::recursive_directory_iterator()) <= 3);
}

TEST_CASE("a full spool refuses new statements first, then everything [fail-closed]") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  const auto session = base::SessionId::New(TheClock());
  SessionRecorder recorder(*spool, session);
  int attempts = 0;
  while (recorder.AppendAttempt(1, {0, std::string(1000, 'x')}, {}, {})) {
    ++attempts;
  }
  CHECK(attempts > 100);
  int outcomes = 0;
  while (recorder.Append(1, recording::Outcome{})) {
    ++outcomes;
  }
  CHECK(outcomes > 500);
  CHECK(spool->Reserve(session, 100) == nullptr);
  recorder.Commit();
  // Room comes back with the acknowledgement.
  std::vector<Spool::Frame> frames;
  uint64_t next = 0;
  while (spool->UnacknowledgedBytes() > 0) {
    spool->Read(spool->acknowledged(), 1 << 20, &frames, &next);
    spool->Acknowledge(next);
  }
  CHECK(recorder.AppendAttempt(1, {0, "SELECT 1"}, {}, {}));
}

TEST_CASE("a record larger than a segment is refused") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  CHECK_FALSE(Write(*spool, base::SessionId::New(TheClock()), std::string(64 << 10, 'x')));
  CHECK(Write(*spool, base::SessionId::New(TheClock()), "small"));
}

TEST_CASE("a process that is killed leaves every committed record behind") {
  const Folder folder;
  const auto session = base::SessionId::New(TheClock());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
    for (int i = 0; i < 100; ++i) {
      Write(*spool, session, fmt::format("{} {}", i, std::string(1000, 'x')));
    }
    spool->Reserve(session, 500);  // begun and not committed
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  std::vector<std::string> damaged;
  const auto old = Spool::LoadOld(Small(folder), &damaged);
  REQUIRE(old->size() == 1);
  CHECK(damaged.empty());
  const auto texts = Texts(**old->begin(), 0);
  REQUIRE(texts.size() == 100);
  CHECK(texts[99].substr(0, 3) == "99 ");
  Spool& spool = **old->begin();
  spool.Acknowledge(spool.end());
  CHECK(spool.Finished());
  spool.Remove();
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("an acknowledgement survives the process, within a segment too") {
  const Folder folder;
  const auto session = base::SessionId::New(TheClock());
  uint64_t middle = 0;
  {
    const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
    Write(*spool, session, "one");
    middle = spool->end();
    Write(*spool, session, "two");
    spool->Acknowledge(middle);
  }
  std::vector<std::string> damaged;
  const auto old = *Spool::LoadOld(Small(folder), &damaged);
  CHECK(old[0]->acknowledged() == middle);
  CHECK(Texts(*old[0], middle) == std::vector<std::string>{"two"});
}

TEST_CASE("torn pages end a segment where they begin, and a broken header sets the file aside") {
  const Folder folder;
  const auto session = base::SessionId::New(TheClock());
  uint64_t first_end = 0;
  base::SpoolId id = base::SpoolId::New(TheClock());
  {
    const auto spool = *Spool::Create(Small(folder), id);
    Write(*spool, session, "one");
    first_end = spool->end();
    Write(*spool, session, "two");
  }
  const std::string file = fmt::format("{}/{}/000000000000.segment", folder.path, id.ToString());
  {
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(4096 + first_end + 30));
    out.put('?');
  }
  std::vector<std::string> damaged;
  CHECK(Texts(**Spool::LoadOld(Small(folder), &damaged)->begin(), 0) == std::vector<std::string>{"one"});
  {
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out.put('?');
  }
  const auto old = *Spool::LoadOld(Small(folder), &damaged);
  CHECK(damaged == std::vector<std::string>{file});
  CHECK(fs::exists(file + ".damaged"));
  CHECK(old[0]->Finished());
}

TEST_CASE("a reader beside the writer sees whole records only") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  const auto session = base::SessionId::New(TheClock());
  constexpr int kRecords = 20000;
  std::thread writer([&] {
    for (int i = 0; i < kRecords;) {
      i += Write(*spool, session, fmt::format("{}", i)) ? 1 : 0;
    }
    spool->Seal();
  });
  int expected = 0;
  while (!spool->Finished()) {
    uint64_t next = 0;
    std::vector<Spool::Frame> frames;
    spool->Read(spool->acknowledged(), 1 << 14, &frames, &next);
    for (const auto& frame : frames) {
      recording::Record record;
      recording::RecordReader reader(frame.session, frame.records);
      REQUIRE(*reader.Next(&record));
      REQUIRE(std::get<recording::StatementText>(record.body).text == fmt::format("{}", expected));
      ++expected;
    }
    spool->Acknowledge(next);
  }
  writer.join();
  CHECK(expected == kRecords);
}

TEST_CASE("a text is written once for a session, and chunks continue the chain") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  const auto a = base::SessionId::New(TheClock());
  const auto b = base::SessionId::New(TheClock());
  SessionRecorder first(*spool, a);
  SessionRecorder second(*spool, b);
  CHECK(first.AppendAttempt(1, {7, "SELECT 1"}, {}, {}));
  CHECK(second.AppendAttempt(1, {7, "SELECT 1"}, {}, {}));
  CHECK(first.AppendAttempt(1, {7, "SELECT 1"}, {}, {}));
  first.Commit();
  std::vector<Spool::Frame> frames;
  uint64_t next = 0;
  spool->Read(0, 1 << 20, &frames, &next);
  Chunker chunker;
  const auto chunks = *chunker.Seal(frames);
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[0].session == a);
  CHECK(chunks[0].records == 4);
  CHECK(chunks[1].records == 3);
  CHECK(first.Append(2, recording::SessionEnded{"client_closed"}));
  first.Commit();
  const uint64_t position = next;
  spool->Read(position, 1 << 20, &frames, &next);
  const auto later = *chunker.Seal(frames);
  CHECK(later[0].first_record == 4);
  CHECK(later[0].chain_before == chunks[0].chain_after);
  CHECK(chunker.open_sessions() == 1);
  // A chunker that starts anew goes on where the control plane says.
  Chunker restarted;
  restarted.Resume(a, 4, chunks[0].chain_after);
  CHECK((*restarted.Seal(frames))[0].chain_after == later[0].chain_after);
}

// What the record says of each attempt: its text and its verdict's rule.
std::vector<std::string> Attempts(Spool& spool) {
  std::vector<std::string> attempts;
  std::vector<Spool::Frame> frames;
  uint64_t next = 0;
  spool.Read(0, 1 << 20, &frames, &next);
  std::map<uint32_t, std::string> texts, rules;
  for (const auto& frame : frames) {
    recording::Record record;
    recording::RecordReader reader(frame.session, frame.records);
    while (*reader.Next(&record)) {
      if (const auto* text = std::get_if<recording::StatementText>(&record.body)) {
        CHECK(texts.emplace(text->text_id, text->text).second);
      } else if (const auto* verdict = std::get_if<recording::Verdict>(&record.body)) {
        CHECK(rules.emplace(verdict->verdict_id, verdict->rule).second);
      } else if (const auto* attempt = std::get_if<recording::Attempt>(&record.body)) {
        attempts.push_back(texts.at(attempt->text_id) + " by " + rules.at(attempt->verdict_id));
      }
    }
  }
  return attempts;
}

TEST_CASE("an attempt names its text and its verdict, whichever of them is in the record already") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  SessionRecorder recorder(*spool, base::SessionId::New(TheClock()));
  recording::Verdict reads, limit;
  reads.rule = "reads";
  limit.rule = "limit";
  CHECK(recorder.Find(1) == nullptr);
  CHECK(recorder.AppendAttempt(1, {1, "a", true}, reads, {}));
  REQUIRE(recorder.Find(1) != nullptr);
  recording::Attempt again;
  CHECK(recorder.AppendAttempt(1, *recorder.Find(1), again));
  // Refused for a reason of the moment: what belongs to the text is not forgotten.
  CHECK(recorder.AppendAttempt(1, {1, "a", false}, limit, {}));
  CHECK(recorder.AppendAttempt(1, {2, "b", false}, limit, {}));
  CHECK(recorder.Find(2) == nullptr);
  CHECK(recorder.AppendAttempt(1, {2, "b", true}, reads, {}));
  CHECK(recorder.Find(2)->verdict_id == again.verdict_id);
  CHECK(recorder.AppendAttempt(1, {0, "a", true}, reads, {}));
  CHECK(recorder.Find(0) == nullptr);
  CHECK(recorder.AppendAttempt(1, {1, "a", true}, reads, {}));
  recorder.Commit();
  CHECK(Attempts(*spool) == std::vector<std::string>{"a by reads", "a by reads", "a by limit", "b by limit",
                                                     "b by reads", "a by reads", "a by reads"});
}

TEST_CASE("texts and verdicts beyond memory are written again, under new numbers") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  SessionRecorder recorder(*spool, base::SessionId::New(TheClock()));
  std::vector<std::string> expected;
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 1; i <= 300; ++i) {
      const std::string text = fmt::format("text {}", i), rule = fmt::format("rule {}", i);
      recording::Verdict verdict;
      verdict.rule = rule;
      CHECK(recorder.AppendAttempt(1, {i, text, true}, verdict, {}));
      expected.push_back(text + " by " + rule);
    }
  }
  recorder.Commit();
  CHECK(Attempts(*spool) == expected);
}

TEST_CASE("records of one session share a frame until it is committed, and nothing is seen before") {
  const Folder folder;
  const auto spool = *Spool::Create(Small(folder), base::SpoolId::New(TheClock()));
  SessionRecorder first(*spool, base::SessionId::New(TheClock()));
  SessionRecorder second(*spool, base::SessionId::New(TheClock()));
  std::vector<Spool::Frame> frames;
  uint64_t next = 0;
  CHECK(first.Append(1, recording::StatementText{1, "one"}));
  CHECK(first.Append(1, recording::StatementText{2, "two"}));
  spool->Read(0, 1 << 20, &frames, &next);
  CHECK(frames.empty());
  // Another session's record ends the frame.
  CHECK(second.Append(1, recording::StatementText{1, "three"}));
  spool->Read(0, 1 << 20, &frames, &next);
  CHECK(frames.size() == 1);
  second.Commit();
  second.Commit();
  spool->Read(0, 1 << 20, &frames, &next);
  REQUIRE(frames.size() == 2);
  CHECK(frames[1].session == second.session());
  CHECK(Texts(*spool, 0) == std::vector<std::string>{"one", "two", "three"});
  // So does the end of a segment.
  for (int i = 0; i < 100; ++i) {
    CHECK(first.Append(1, recording::StatementText{1, std::string(1000, 'x')}));
  }
  spool->Seal();
  CHECK(Texts(*spool, 0).size() == 103);
}

}  // namespace
}  // namespace chaperone::recorder
