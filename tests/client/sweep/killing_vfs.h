#ifndef KVWIRE_TESTS_CLIENT_SWEEP_KILLING_VFS_H_
#define KVWIRE_TESTS_CLIENT_SWEEP_KILLING_VFS_H_

namespace kvwire {

// From now on SQLite counts what it changes on disk in this process (pieces written, files
// synced, cut and removed), and the process kills itself at the one numbered `step`, half way
// through a write. 1 is the first.
void KillAtDiskStep(int step);

}  // namespace kvwire

#endif  // KVWIRE_TESTS_CLIENT_SWEEP_KILLING_VFS_H_
