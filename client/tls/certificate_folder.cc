#include "client/tls/certificate_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr mode_t kPublic = 0644;
constexpr mode_t kSecret = 0600;

std::string FileOf(const std::string& folder, const std::string& name,
                   const std::string& kind) {
  return absl::StrCat(folder, "/", name, ".", kind);
}

ServerTls PartyFolderTls(const std::string& folder, const std::string& name) {
  const std::string own = absl::StrCat(folder, "/", name);
  return {.cert_file = FileOf(own, "tls", "crt"),
          .key_file = FileOf(own, "tls", "key"),
          .client_ca_file = FileOf(own, "ca", "crt")};
}

absl::Status WriteFile(const std::string& path, const std::string& bytes, mode_t mode) {
  const std::string fresh = absl::StrCat(path, ".new");
  std::remove(fresh.c_str());
  const int descriptor = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const bool written = descriptor >= 0 && write(descriptor, bytes.data(), bytes.size()) ==
                                              static_cast<ssize_t>(bytes.size());
  if (descriptor >= 0) close(descriptor);
  if (written && std::rename(fresh.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, " cannot be written: ", std::strerror(errno)));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!bytes.empty()) return bytes;
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
}

class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  absl::Status Write(const std::string& name, const KeyedCertificate& keyed) {
    const std::string key = FileOf(path_, name, "key");
    const std::string certificate = FileOf(path_, name, "crt");
    KVWIRE_RETURN_IF_ERROR(WriteFile(key, keyed.key, kSecret));
    KVWIRE_RETURN_IF_ERROR(WriteFile(certificate, keyed.certificate, kPublic));
    written_.insert(written_.end(), {certificate, key});
    return absl::OkStatus();
  }

  absl::Status WritePartyFolder(const std::string& name, const KeyedCertificate& keyed,
                                const std::string& authority) {
    const ServerTls files = PartyFolderTls(path_, name);
    std::error_code error;
    std::filesystem::create_directories(absl::StrCat(path_, "/", name), error);
    KVWIRE_RETURN_IF_ERROR(WriteFile(files.client_ca_file, authority, kPublic));
    KVWIRE_RETURN_IF_ERROR(WriteFile(files.key_file, keyed.key, kSecret));
    KVWIRE_RETURN_IF_ERROR(WriteFile(files.cert_file, keyed.certificate, kPublic));
    written_.insert(written_.end(), {files.client_ca_file, files.cert_file, files.key_file});
    return absl::OkStatus();
  }

  // The authority that is there, or a new one.
  absl::StatusOr<CertificateAuthority> Authority(const Validity& validity) {
    const std::string certificate = FileOf(path_, "ca", "crt");
    std::error_code error;
    if (!std::filesystem::exists(certificate, error)) {
      KVWIRE_ASSIGN_OR_RETURN(CertificateAuthority made,
                              CertificateAuthority::Create(validity));
      KVWIRE_RETURN_IF_ERROR(Write("ca", made.saved()));
      return made;
    }
    KeyedCertificate saved;
    KVWIRE_ASSIGN_OR_RETURN(saved.certificate, ReadFile(certificate));
    KVWIRE_ASSIGN_OR_RETURN(saved.key, ReadFile(FileOf(path_, "ca", "key")));
    return CertificateAuthority::Load(saved);
  }

  std::vector<std::string> written() && { return std::move(written_); }

 private:
  std::string path_;
  std::vector<std::string> written_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> WriteCertificates(
    const CertificateFolderOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  Folder folder(options.folder);
  KVWIRE_ASSIGN_OR_RETURN(const CertificateAuthority authority,
                          folder.Authority(options.authority_validity));
  for (const std::string name : kPartyNames) {
    CertificateSubject subject{absl::StrCat("kvwire-", name), options.hosts};
    subject.hosts.push_back(name);
    KVWIRE_ASSIGN_OR_RETURN(const KeyedCertificate keyed,
                            authority.Issue(subject, options.validity));
    KVWIRE_RETURN_IF_ERROR(
        options.party_folders
            ? folder.WritePartyFolder(name, keyed, authority.saved().certificate)
            : folder.Write(name, keyed));
  }
  return std::move(folder).written();
}

absl::Status CheckCertificates(const CertificateFolderOptions& options) {
  for (const std::string name : kPartyNames) {
    KVWIRE_RETURN_IF_ERROR(CheckServerTls(options.party_folders
                                              ? PartyFolderTls(options.folder, name)
                                              : ServerTlsOf(options.folder, name)));
  }
  return absl::OkStatus();
}

ClientTls ClientTlsOf(const std::string& folder, const std::string& name) {
  return {.ca_file = FileOf(folder, "ca", "crt"),
          .cert_file = FileOf(folder, name, "crt"),
          .key_file = FileOf(folder, name, "key")};
}

ServerTls ServerTlsOf(const std::string& folder, const std::string& name) {
  return {.cert_file = FileOf(folder, name, "crt"),
          .key_file = FileOf(folder, name, "key"),
          .client_ca_file = FileOf(folder, "ca", "crt")};
}

}  // namespace kvwire
