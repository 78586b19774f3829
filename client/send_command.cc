#include <memory>
#include <optional>
#include <string>

#include "client/commands.h"
#include "client/delivery.h"
#include "client/driver.h"
#include "client/problem_options.h"
#include "client/run_options.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

struct SendOptions {
  RunOptions run;
  std::string file;
  std::string output;
  std::string as = "bytes";
};

absl::StatusOr<int> SendCommand(const SendOptions& options) {
  KVWIRE_RETURN_IF_ERROR(CheckWritable(options.output));
  KVWIRE_ASSIGN_OR_RETURN(const std::string file, ReadPayloadFile(options.file));
  std::optional<Picture> picture;
  if (options.as == "picture") {
    KVWIRE_ASSIGN_OR_RETURN(picture, ReadPicture(options.file));
  }
  KVWIRE_ASSIGN_OR_RETURN(const RunRequest request,
                          MakeRunRequest(options.run, picture ? picture->pixels : file));
  KVWIRE_ASSIGN_OR_RETURN(Services services, StartServices(options.run));
  Driver driver(services);
  KVWIRE_RETURN_IF_ERROR(driver.Connect());
  KVWIRE_ASSIGN_OR_RETURN(const RunResult result, driver.Run(request));
  KVWIRE_ASSIGN_OR_RETURN(const std::string received, ReceivedBytes(result));
  if (picture.has_value()) {
    KVWIRE_RETURN_IF_ERROR(WriteReceivedPicture(*picture, received, options.output));
  } else {
    KVWIRE_RETURN_IF_ERROR(WriteReceivedFile(received, options.output));
  }
  return ReportRun(options.run, result);
}

}  // namespace

Command AddSendCommand(CLI::App& app) {
  app.description(
      "Sends a file through a KV cache and writes what arrives.\n"
      "  kvwire send letter.txt --d 64 --algorithm bitplane --output arrived.txt\n"
      "  kvwire send picture.png --d 64 --algorithm streaming:window=512 --as picture "
      "--output arrived.png");
  const auto options = std::make_shared<SendOptions>();
  app.add_option("file", options->file, "the file to send")->required();
  app.add_option("--output", options->output, "where to write what arrives")->required();
  app.add_option(
         "--as", options->as,
         "bytes, or picture: send the pixels of a PNG, PBM or PGM, write a picture, and "
         "beside it the difference")
      ->check(CLI::IsMember({"bytes", "picture"}))
      ->capture_default_str();
  AddProblemOptions(app, options->run);
  AddServiceOptions(app, options->run);
  return [options] { return SendCommand(*options); };
}

}  // namespace kvwire
