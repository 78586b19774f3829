"""What a benchmark ran on: machine, versions, settings."""

import os
import pathlib
import platform
import subprocess

# Debian packages whose code the figures depend on.
_PACKAGES = ("libgrpc++1.51", "libprotobuf32", "libeigen3-dev", "libabsl20220623", "libisal2",
             "libzstd1", "libssl3", "libc6", "libbenchmark1debian", "libdnnl2", "iperf3")
_EXTENSIONS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16",
               "amx_tile")
_SYSCTL = pathlib.Path("/proc/sys")


def _read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _processor():
    """Of /proc/cpuinfo, whose keys differ between architectures."""
    keys = dict(line.split("\t", 1) for line in _read("/proc/cpuinfo").splitlines()
                if "\t" in line)
    keys = {key.strip(): value.lstrip("\t: ") for key, value in keys.items()}
    flags = keys.get("flags", "").split()
    name = keys.get("model name", platform.machine())
    virtual = ", a virtual machine" if "hypervisor" in flags else ""
    return name + virtual, " ".join(flag for flag in _EXTENSIONS if flag in flags)


def _governor():
    return _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def _caches():
    levels = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if _read(index / "type") != "Instruction":
            levels.append(f"L{_read(index / 'level')} {_read(index / 'size')}")
    return ", ".join(levels)


def _memory():
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / 2**20:.1f} GiB"
    return ""


def _libraries():
    lines = _output("dpkg-query", "-W", "-f=${Package} ${Version} ${db:Status-Status}\n",
                    *_PACKAGES).splitlines()
    fields = [line.split() for line in lines]
    return ", ".join(f"{words[0]} {words[1]}" for words in fields
                     if len(words) == 3 and words[2] == "installed")


def facts():
    """By name; what the system does not tell is "not told"."""
    processor, extensions = _processor()
    told = {
        "processor": processor,
        "cores": f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}",
        "extensions": extensions,
        "caches": _caches(),
        "memory": _memory(),
        "governor": _governor(),
        "huge pages": _read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "kernel": f"{platform.system()} {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "tcp congestion control": _read(_SYSCTL / "net/ipv4/tcp_congestion_control"),
        "tcp buffers": f"rmem {_read(_SYSCTL / 'net/ipv4/tcp_rmem')}, "
                       f"wmem {_read(_SYSCTL / 'net/ipv4/tcp_wmem')}".replace("\t", " "),
        "compiler": _output("c++", "--version").partition("\n")[0],
        "libraries": _libraries(),
    }
    return {key: value or "not told" for key, value in told.items()}


def text(told):
    width = max(map(len, told))
    return "".join(f"  {key:<{width}}  {value}\n" for key, value in told.items())
