// `chaperone sessions replay|tail|export|verify`: recordings, read and judged on the caller's side.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "chaperone/v1/session.grpc.pb.h"
#include "tools/chaperone/commands/session_commands.h"
#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/playback/record_json.h"
#include "tools/chaperone/playback/transcript.h"
#include "tools/chaperone/playback/verifier.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using playback::RecordJson;
using playback::Transcript;
using playback::Verifier;
using v1::SessionService;

// A pause of the agent's is not waited for any longer than this, at the pace of 1.
constexpr std::chrono::milliseconds kPauseMax{2000};

struct RecordingOptions {
  std::string id;
  double speed = 0;
  bool no_delay = false;
  std::string file;
  std::string head;
};

// Calls `each` for the session's chunks in order.
template <typename Each>
absl::Status ReadChunks(const std::string& id, bool follow, Context& context, Each each) {
  v1::ReadRecordingRequest request;
  request.set_id(id);
  request.set_follow(follow);
  return context.Stream<SessionService>(
      &SessionService::Stub::ReadRecording, request, std::nullopt,
      [&](const v1::ReadRecordingResponse& response) { return each(response.chunk()); });
}

// Calls `each` for the records of a chunk.
template <typename Each>
absl::Status ForEachRecord(const v1::Chunk& chunk, Each each) {
  base::IdBytes id{};
  if (chunk.session_id().size() == id.size()) {
    std::copy(chunk.session_id().begin(), chunk.session_id().end(), id.begin());
  }
  recording::RecordReader reader(base::SessionId(id), chunk.payload());
  recording::Record record;
  while (true) {
    CHAPERONE_ASSIGN_OR_RETURN(const bool more, reader.Next(&record));
    if (!more) {
      return absl::OkStatus();
    }
    CHAPERONE_RETURN_IF_ERROR(each(record));
  }
}

// Waits between records as long as the agent did, at a pace.
class Pacer {
 public:
  Pacer(World& world, double speed) : world_(world), speed_(speed) {}

  void Wait(uint64_t time_us) {
    if (speed_ > 0 && last_us_ != 0 && time_us > last_us_) {
      const std::chrono::microseconds gap(time_us - last_us_);
      const auto bounded = std::min<std::chrono::microseconds>(gap, kPauseMax);
      world_.sleep(
          std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(bounded.count()) / 1000 / speed_)));
    }
    last_us_ = time_us;
  }

 private:
  World& world_;
  double speed_;
  uint64_t last_us_ = 0;
};

absl::Status Print(const RecordingOptions& options, bool follow, Context& context) {
  // On a terminal as it was, to be watched; into a file or a pipe at once.
  double speed = options.speed;
  if (speed == 0 && context.world().out_is_terminal) {
    speed = 1;
  }
  if (options.no_delay || follow || context.json()) {
    speed = 0;
  }
  Pacer pacer(context.world(), speed);
  Transcript transcript;
  RecordJson json;
  std::string text;
  const absl::Status status = ReadChunks(options.id, follow, context, [&](const v1::Chunk& chunk) {
    const absl::Status read = ForEachRecord(chunk, [&](const recording::Record& record) -> absl::Status {
      if (context.json()) {
        CHAPERONE_ASSIGN_OR_RETURN(const std::string line, json.Next(record));
        text += line + "\n";
        return absl::OkStatus();
      }
      context.out() << text;
      text.clear();
      pacer.Wait(record.time_us);
      return transcript.Add(record, &text);
    });
    if (follow) {
      transcript.Flush(&text);
    }
    context.out() << text << std::flush;
    text.clear();
    return read;
  });
  if (!context.json()) {
    transcript.Finish(&text);
  }
  context.out() << text;
  return status;
}

absl::Status FileError(const std::string& path) {
  return base::FailedPrecondition("cannot write {}: {}", path, std::strerror(errno));
}

// A file that only its owner may read, or standard output for "-".
class Sink {
 public:
  static absl::StatusOr<std::unique_ptr<Sink>> Open(const std::string& path, Context& context) {
    if (path == "-") {
      return std::unique_ptr<Sink>(new Sink(path, nullptr, context.out()));
    }
    const std::string partial = path + ".partial";
    const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    std::FILE* file = fd < 0 ? nullptr : fdopen(fd, "w");
    if (file == nullptr) {
      return FileError(partial);
    }
    return std::unique_ptr<Sink>(new Sink(path, file, context.out()));
  }
  ~Sink() {
    if (file_ != nullptr) {
      std::fclose(file_);
    }
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  absl::Status Write(std::string_view text) {
    if (file_ == nullptr) {
      out_.write(text.data(), static_cast<std::streamsize>(text.size()));
      return absl::OkStatus();
    }
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size() ? absl::OkStatus() : FileError(path_);
  }

  // The whole file under its own name, durable.
  absl::Status Commit() {
    if (file_ == nullptr) {
      return absl::OkStatus();
    }
    const bool written = std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    if (!written || !closed || std::rename((path_ + ".partial").c_str(), path_.c_str()) != 0) {
      return FileError(path_);
    }
    return absl::OkStatus();
  }

 private:
  Sink(std::string path, std::FILE* file, std::ostream& out) : path_(std::move(path)), file_(file), out_(out) {}

  std::string path_;
  std::FILE* file_;
  std::ostream& out_;
};

absl::StatusOr<Verifier> StartVerifier(const std::string& id, Context& context, v1::Session* session) {
  v1::GetSessionRequest request;
  request.set_id(id);
  CHAPERONE_ASSIGN_OR_RETURN(*session, context.Call<SessionService>(&SessionService::Stub::GetSession, request));
  return Verifier::For(*session);
}

absl::Status Export(const RecordingOptions& options, Context& context) {
  v1::Session session;
  CHAPERONE_ASSIGN_OR_RETURN(Verifier verifier, StartVerifier(options.id, context, &session));
  CHAPERONE_ASSIGN_OR_RETURN(const std::unique_ptr<Sink> sink, Sink::Open(options.file, context));
  RecordJson json;
  absl::Status status = ReadChunks(options.id, false, context, [&](const v1::Chunk& chunk) {
    CHAPERONE_RETURN_IF_ERROR(verifier.Add(chunk));
    return ForEachRecord(chunk, [&](const recording::Record& record) -> absl::Status {
      CHAPERONE_ASSIGN_OR_RETURN(const std::string line, json.Next(record));
      return sink->Write(line + "\n");
    });
  });
  if (status.ok()) {
    status = verifier.Finish();
  }
  if (!status.ok()) {
    return options.file == "-"
               ? status
               : base::Annotate(status, fmt::format("export failed; what was read is in {}.partial", options.file));
  }
  CHAPERONE_RETURN_IF_ERROR(sink->Commit());
  context.err() << fmt::format("{} exported and verified, head {}\n",
                               display::Counted(verifier.totals().records, "record"),
                               playback::HeadHex(verifier.totals().head));
  return absl::OkStatus();
}

absl::Status Verify(const RecordingOptions& options, Context& context) {
  v1::Session session;
  CHAPERONE_ASSIGN_OR_RETURN(Verifier verifier, StartVerifier(options.id, context, &session));
  if (!options.head.empty()) {
    if (const absl::Status head = verifier.ExpectHead(options.head); !head.ok()) {
      return UsageError(base::Message(head));
    }
  }
  absl::Status status =
      ReadChunks(options.id, false, context, [&](const v1::Chunk& chunk) { return verifier.Add(chunk); });
  if (status.ok()) {
    status = verifier.Finish();
  }
  if (status.code() == absl::StatusCode::kDataLoss) {
    return base::DataLoss("{} is NOT intact: {}", options.id, base::Message(status));
  }
  CHAPERONE_RETURN_IF_ERROR(status);
  const playback::VerifiedTotals& totals = verifier.totals();
  const bool live = session.state() == v1::Session::LIVE;
  if (context.json()) {
    display::JsonObject json;
    json.String("id", session.id())
        .Bool("intact", true)
        .Bool("live", live)
        .Number("chunks", totals.chunks)
        .Number("records", totals.records)
        .Number("bytes", totals.bytes)
        .String("head", playback::HeadHex(totals.head));
    context.out() << json.Text() << "\n";
  } else {
    context.out() << fmt::format("{} is intact{}: {} in {}, {}\nhead {}\n", display::Line(session.id()),
                                 live ? " so far (it is live)" : "", display::Counted(totals.records, "record"),
                                 display::Counted(totals.chunks, "chunk"), display::ByteCount(totals.bytes),
                                 playback::HeadHex(totals.head));
  }
  return absl::OkStatus();
}

CLI::App* AddOne(Registry& registry, CLI::App* group, CommandInfo info,
                 const std::shared_ptr<RecordingOptions>& options, Action action) {
  info.roles = "auditor or admin";
  info.listing = kSessionListing;
  CLI::App* command = registry.Command(group, info, std::move(action));
  command->add_option("id", options->id, "the session's id")->required();
  return command;
}

void AddReplay(Registry& registry, CLI::App* group) {
  auto options = std::make_shared<RecordingOptions>();
  CLI::App* replay =
      AddOne(registry, group,
             {.name = "replay",
              .summary = "every statement with decision, parameters, result and outcome",
              .examples = "  chaperone sessions replay ses_01JD...              # at its own pace on a terminal\n"
                          "  chaperone sessions replay ses_01JD... --speed 10\n"
                          "  chaperone sessions replay ses_01JD... --no-delay | less",
              .roles = "",
              .listing = ""},
             options, [options](Context& context) { return Print(*options, false, context); });
  CLI::Option* no_delay = replay->add_flag("--no-delay", options->no_delay, "print everything at once");
  replay->add_option("--speed", options->speed, "times as fast as it was; pauses are cut to 2 s before")
      ->check(CLI::Range(0.1, 1000.0))
      ->excludes(no_delay);
}

}  // namespace

void AddRecordingCommands(Registry& registry, CLI::App* group) {
  AddReplay(registry, group);
  auto tail = std::make_shared<RecordingOptions>();
  AddOne(registry, group,
         {.name = "tail",
          .summary = "as replay, and then what the agent does while it does it",
          .examples = "  chaperone sessions tail ses_01JD...\n  chaperone sessions tail ses_01JD... -o json",
          .roles = "",
          .listing = ""},
         tail, [tail](Context& context) { return Print(*tail, true, context); });

  auto exported = std::make_shared<RecordingOptions>();
  AddOne(registry, group,
         {.name = "export",
          .summary = "the recording as JSON, one record a line; verified on the way",
          .examples = "  chaperone sessions export ses_01JD... -f session.jsonl\n"
                      "  chaperone sessions export ses_01JD... -f - | jq 'select(.type==\"attempt\") | .text'",
          .roles = "",
          .listing = ""},
         exported, [exported](Context& context) { return Export(*exported, context); })
      ->add_option("-f,--file", exported->file, "where to; - for standard output")
      ->required();

  auto verified = std::make_shared<RecordingOptions>();
  AddOne(registry, group,
         {.name = "verify",
          .summary = "whether anything in the recording was changed, dropped or moved",
          .examples = "  chaperone sessions verify ses_01JD...\n"
                      "  chaperone sessions verify ses_01JD... --head 3f2a...   # against a head that you kept",
          .roles = "",
          .listing = ""},
         verified, [verified](Context& context) { return Verify(*verified, context); })
      ->add_option("--head", verified->head, "a head that an earlier `verify` printed");
}

}  // namespace chaperone::cli
