#include "tests/client/sweep/killing_vfs.h"

#include <signal.h>
#include <sqlite3.h>

namespace kvwire {
namespace {

int steps_left = 0;

bool IsLast() { return --steps_left == 0; }

void Step() {
  if (IsLast()) raise(SIGKILL);
}

// The real file follows it in memory.
struct KillingFile {
  sqlite3_file base;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<KillingFile*>(file)->real(); }

const sqlite3_io_methods& Methods() {
  static const sqlite3_io_methods methods = {
      .iVersion = 1,
      .xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); },
      .xRead =
          [](sqlite3_file* f, void* bytes, int size, sqlite3_int64 at) {
            return Real(f)->pMethods->xRead(Real(f), bytes, size, at);
          },
      .xWrite =
          [](sqlite3_file* f, const void* bytes, int size, sqlite3_int64 at) {
            if (IsLast()) {
              Real(f)->pMethods->xWrite(Real(f), bytes, size / 2, at);
              raise(SIGKILL);
            }
            return Real(f)->pMethods->xWrite(Real(f), bytes, size, at);
          },
      .xTruncate =
          [](sqlite3_file* f, sqlite3_int64 size) {
            Step();
            return Real(f)->pMethods->xTruncate(Real(f), size);
          },
      .xSync =
          [](sqlite3_file* f, int flags) {
            Step();
            return Real(f)->pMethods->xSync(Real(f), flags);
          },
      .xFileSize =
          [](sqlite3_file* f, sqlite3_int64* size) {
            return Real(f)->pMethods->xFileSize(Real(f), size);
          },
      .xLock = [](sqlite3_file* f,
                  int lock) { return Real(f)->pMethods->xLock(Real(f), lock); },
      .xUnlock = [](sqlite3_file* f,
                    int lock) { return Real(f)->pMethods->xUnlock(Real(f), lock); },
      .xCheckReservedLock =
          [](sqlite3_file* f, int* out) {
            return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
          },
      .xFileControl =
          [](sqlite3_file* f, int operation, void* argument) {
            return Real(f)->pMethods->xFileControl(Real(f), operation, argument);
          },
      .xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); },
      .xDeviceCharacteristics =
          [](sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); },
  };
  return methods;
}

sqlite3_vfs* RealVfs(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  const int result = RealVfs(vfs)->xOpen(RealVfs(vfs), name, Real(file), flags, out);
  file->pMethods = result == SQLITE_OK ? &Methods() : nullptr;
  return result;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  Step();
  return RealVfs(vfs)->xDelete(RealVfs(vfs), name, sync);
}

}  // namespace

void KillAtDiskStep(int step) {
  steps_left = step;
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs killing;
  killing = *real;
  killing.zName = "killing";
  killing.pNext = nullptr;
  killing.pAppData = real;
  killing.szOsFile = static_cast<int>(sizeof(KillingFile)) + real->szOsFile;
  killing.xOpen = Open;
  killing.xDelete = Delete;
  sqlite3_vfs_register(&killing, /*makeDflt=*/1);
}

}  // namespace kvwire
