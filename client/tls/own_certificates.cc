#include "client/tls/own_certificates.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/tls/certificate_folder.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr absl::Duration kLifetime = absl::Hours(24 * 30);

}  // namespace

struct OwnCertificates::Folder {
  std::string path;

  static void Remove(Folder* folder) {
    std::error_code error;
    std::filesystem::remove_all(folder->path, error);
    delete folder;
  }
};

OwnCertificates::OwnCertificates(std::unique_ptr<Folder, void (*)(Folder*)> folder)
    : folder_(std::move(folder)) {}

absl::StatusOr<OwnCertificates> OwnCertificates::Create() {
  std::error_code error;
  std::string path = std::filesystem::temp_directory_path(error) / "kvwire-certs-XXXXXX";
  if (error || mkdtemp(path.data()) == nullptr) {
    return absl::UnknownError("there is no room for temporary files; set TMPDIR");
  }
  OwnCertificates own({new Folder{path}, Folder::Remove});
  const absl::Time now = absl::Now();
  const Validity validity{.begin = now - absl::Minutes(5), .end = now + kLifetime};
  KVWIRE_RETURN_IF_ERROR(WriteCertificates({.folder = path,
                                            .hosts = {"127.0.0.1"},
                                            .validity = validity,
                                            .authority_validity = validity})
                             .status());
  return own;
}

std::vector<std::string> OwnCertificates::ListenFlags(const std::string& name) const {
  const ServerTls tls = ServerTlsOf(folder_->path, name);
  return {"--tls-cert", tls.cert_file,     "--tls-key",
          tls.key_file, "--tls-client-ca", tls.client_ca_file};
}

std::vector<std::string> OwnCertificates::DialFlags() const {
  return {"--cacert", driver().ca_file};
}

ClientTls OwnCertificates::driver() const { return ClientTlsOf(folder_->path, "driver"); }

std::string OwnCertificates::key_log() const {
  return absl::StrCat(folder_->path, "/session-keys.log");
}

}  // namespace kvwire
