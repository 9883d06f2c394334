#include "dataplane/app/certificate_watch.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <utility>

namespace chaperone::app {

namespace {
constexpr std::chrono::seconds kInterval{5};
}  // namespace

CertificateWatch::CertificateWatch(runtime::Loop& loop, std::string certificate, std::string key,
                                   session::ClientTls& tls)
    : certificate_(std::move(certificate)), key_(std::move(key)), tls_(tls), timer_(loop, [this] { Look(); }) {}

absl::StatusOr<std::unique_ptr<CertificateWatch>> CertificateWatch::Start(runtime::Loop& loop,
                                                                          const std::string& certificate,
                                                                          const std::string& key,
                                                                          session::ClientTls& tls) {
  std::unique_ptr<CertificateWatch> watch(new CertificateWatch(loop, certificate, key, tls));
  watch->stamp_ = watch->Stamp();
  CHAPERONE_RETURN_IF_ERROR(watch->Load());
  watch->timer_.ArmAfter(kInterval);
  return watch;
}

std::string CertificateWatch::Stamp() const {
  std::string stamp;
  for (const std::string& file : {certificate_, key_}) {
    struct stat status {};
    if (stat(file.c_str(), &status) == 0) {
      stamp += fmt::format("{}/{}.{} ", status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    }
  }
  return stamp;
}

absl::Status CertificateWatch::Load() {
  CHAPERONE_ASSIGN_OR_RETURN(runtime::SslContext context, runtime::LoadServerContext(certificate_, key_));
  tls_.Set(std::shared_ptr<SSL_CTX>(context.release(), runtime::SslContextDeleter()));
  return absl::OkStatus();
}

void CertificateWatch::Look() {
  timer_.ArmAfter(kInterval);
  std::string stamp = Stamp();
  if (stamp == stamp_) {
    return;
  }
  stamp_ = std::move(stamp);
  if (const absl::Status status = Load(); !status.ok()) {
    spdlog::error("the new certificate is not used, the one before stays: {}", base::Message(status));
  } else {
    spdlog::info("the certificate {} was read again", certificate_);
  }
}

}  // namespace chaperone::app
