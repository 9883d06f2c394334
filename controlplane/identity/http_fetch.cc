#include "controlplane/identity/http_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string_view>

namespace chaperone::identity {

namespace {

struct Body {
  std::string bytes;
  size_t bytes_max;
  bool overflow = false;
};

size_t Receive(char* data, size_t size, size_t count, void* user) {
  auto* body = static_cast<Body*>(user);
  const size_t bytes = size * count;
  if (body->bytes.size() + bytes > body->bytes_max) {
    body->overflow = true;
    return 0;
  }
  body->bytes.append(data, bytes);
  return bytes;
}

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
  }
  return false;
}

// For http: whatever the name resolves to, only loopback is connected to.
curl_socket_t OpenLoopbackSocket(void*, curlsocktype, curl_sockaddr* address) {
  if (!IsLoopback(&address->addr)) {
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) {
    return "";
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool IsLoopbackHost(const std::string& host) {
  in_addr address;
  return host == "localhost" || host == "[::1]" ||
         (inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127);
}

bool EnsureCurl() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace

absl::Status CheckUrl(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return base::InvalidArgument("\"{}\" is not a URL", url);
  }
  if (!Part(parsed.get(), CURLUPART_USER).empty() || !Part(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return base::InvalidArgument("a URL with a user or password is not accepted here");
  }
  const std::string scheme = Part(parsed.get(), CURLUPART_SCHEME);
  if (scheme == "https" || (scheme == "http" && IsLoopbackHost(Part(parsed.get(), CURLUPART_HOST)))) {
    return absl::OkStatus();
  }
  return base::InvalidArgument("\"{}\" must be https (http is for loopback hosts only)", url);
}

absl::StatusOr<std::string> Fetch(const std::string& url, const FetchOptions& options) {
  CHAPERONE_RETURN_IF_ERROR(CheckUrl(url));
  if (!EnsureCurl()) {
    return base::Internal("libcurl does not start");
  }
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  Body body{{}, options.bytes_max};
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Receive);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "chaperone-controlplane");
  curl_easy_setopt(curl.get(), CURLOPT_NETRC, CURL_NETRC_IGNORED);
  if (url.starts_with("https:")) {
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https");
    if (!options.ca_file.empty()) {
      curl_easy_setopt(curl.get(), CURLOPT_CAINFO, options.ca_file.c_str());
      curl_easy_setopt(curl.get(), CURLOPT_CAPATH, nullptr);
    }
  } else {
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_OPENSOCKETFUNCTION, &OpenLoopbackSocket);
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (body.overflow) {
    return base::ResourceExhausted("{} answers more than {} bytes", url, options.bytes_max);
  }
  if (code != CURLE_OK) {
    return base::Unavailable("{}: {}", url, error[0] != '\0' ? error : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    return base::Unavailable("{} answers {} instead of 200{}", url, status,
                             status >= 300 && status < 400 ? " (redirects are not followed)" : "");
  }
  return std::move(body.bytes);
}

}  // namespace chaperone::identity
