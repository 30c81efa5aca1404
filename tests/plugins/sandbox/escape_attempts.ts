/**
 * What a program tries that wants out of its sandbox, in Python. It prints a JSON object: for each attempt `null` where
 * it was refused, or what it got. Where it is not refused, it does no harm.
 *
 * @module
 */

/** The program. Its only argument is JSON: `{home, state, other, folder, top, marker, secret, port, server, tool}`. */
export const ESCAPES = String.raw`
import ctypes, errno, glob, json, os, signal, socket, subprocess, sys, time

facts = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
got = {}

def attempt(name):
    def run(function):
        try:
            got[name] = function()
        except OSError as error:
            got[name] = None
        except Exception as error:
            got[name] = repr(error)
    return run

def call(result, what="done"):
    return what if result >= 0 else None

def read(path):
    with open(path, "rb") as file:
        return file.read(200).decode(errors="replace") or "empty"

def safe(path):
    try:
        with open(path, "rb") as file: return file.read().decode(errors="replace")
    except OSError: return None

def status():
    lines = (safe("/proc/self/status") or "").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

@attempt("shadow")
def _(): return read("/etc/shadow")
for file in ("/etc/gshadow", "/etc/sudoers", "/etc/ssh/ssh_host_ed25519_key", "/root/.bashrc", "/proc/1/root/etc/shadow"):
    attempt(file)(lambda: read(file))
for place in ("home", "state", "other"):
    attempt(place)(lambda: read(facts[place] + "/secret"))
    attempt(place + " listed")(lambda: os.listdir(facts[place]) or None)

@attempt("link to shadow")
def _():
    os.symlink("/etc/shadow", "shadow")
    return read("shadow")

@attempt("environment of others")
def _():
    seen = [path for path in glob.glob("/proc/[0-9]*/environ") if facts["secret"] in (safe(path) or "")]
    return seen or None

@attempt("processes")
def _():
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return None if len(pids) < 6 else pids

@attempt("folders beside the system")
def _():
    known = {"bin", "dev", "etc", "gnu", "home", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc", "run", "runtime", "sbin", "tmp", "tools", "usr"}
    seen = {}
    for name in set(os.listdir("/")) - known - {facts["top"]}:
        try:
            entries = os.listdir("/" + name)
        except OSError:
            continue
        if entries: seen[name] = entries[:3]
    return seen or None

@attempt("own socket folder")
def _(): return [n for n in os.listdir("/run") if n not in ("firejail",)] or None

for folder in ("/", "/usr", "/usr/bin", "/opt", "/etc/ssl/certs", "/var", "/var/tmp", "/run/firejail", "/proc/sys/kernel", "/sys", facts["tool"], facts["folder"], facts["home"], facts["other"]):
    def write():
        with open(os.path.join(folder, facts["marker"]), "w") as file: file.write("x")
        return "written"
    # folders in memory are the sandbox's own; what lands on the machine is looked for there
    attempt("write " + folder)(write if folder not in ("/run/firejail", facts["folder"], "/var", "/var/tmp") else (lambda: write() and None))
for file in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/hostname", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/release_agent"):
    attempt("write " + file)(lambda: os.open(file, os.O_WRONLY) and "opened")

def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as it:
        it.settimeout(3)
        it.connect(address)
        if kind == socket.SOCK_DGRAM: it.send(b"x")
    return "connected"
attempt("loopback of the host")(lambda: connect(socket.AF_INET, ("127.0.0.1", facts["port"])))
attempt("network")(lambda: connect(socket.AF_INET, ("192.0.2.1", 80)))
attempt("network by datagram")(lambda: connect(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM))
attempt("network of version 6")(lambda: connect(socket.AF_INET6, ("2001:db8::1", 80)))
attempt("abstract socket")(lambda: connect(socket.AF_UNIX, "\0" + facts["marker"]))
attempt("socket of a service")(lambda: connect(socket.AF_UNIX, facts["folder"] + "/docker.sock"))
attempt("vsock")(lambda: connect(40, (2, 1)))
attempt("packets")(lambda: socket.socket(17, socket.SOCK_RAW, 0) and "socket")
attempt("raw")(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) and "socket")

attempt("signal the server")(lambda: os.kill(facts["server"], signal.SIGTERM) or "signalled")
attempt("trace the server")(lambda: call(libc.ptrace(16, facts["server"], 0, 0)))
attempt("trace oneself")(lambda: call(libc.ptrace(0, 0, 0, 0)))
os.mkdir("mounted")
attempt("mount")(lambda: call(libc.mount(b"none", b"mounted", b"tmpfs", 0, None)))
attempt("bind")(lambda: call(libc.mount(b"/usr", b"mounted", None, 4096, None)))
attempt("unmount")(lambda: libc.umount2(b"/proc", 4) != 0 and ctypes.get_errno() != errno.EPERM and "allowed" or None)
attempt("user namespace")(lambda: call(libc.unshare(0x10000000)))
attempt("chroot")(lambda: os.chroot("/tmp") or "changed")
attempt("device")(lambda: os.mknod("device", 0o20666, os.makedev(1, 1)) or "made")
attempt("keyring")(lambda: call({"x86_64": lambda: libc.syscall(250, 0, -3, 1), "aarch64": lambda: libc.syscall(219, 0, -3, 1)}[os.uname().machine]()))
attempt("hostname")(lambda: socket.sethostname(socket.gethostname()) or "changed")
attempt("clock")(lambda: time.clock_settime(0, time.time()) or "set")
attempt("terminal")(lambda: os.open("/dev/tty", os.O_RDWR))

@attempt("type into the terminal")
def _():
    import fcntl
    for descriptor in (0, 1, 2):
        try:
            fcntl.ioctl(descriptor, 0x5412, b"x")
            return descriptor
        except OSError: pass

@attempt("become root")
def _():
    if os.getuid() == 0: return None
    return os.setuid(0) or "root"

@attempt("set-uid programs")
def _():
    for program in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/newgrp"):
        if not os.path.exists(program): continue
        out = subprocess.run([program, "--version"], capture_output=True, text=True)
    return None if status()["NoNewPrivs"] == "1" else "new privileges"

@attempt("privileges")
def _():
    now = status()
    held = {name: now[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(now[name], 16)}
    if now["Seccomp"] != "2": held["Seccomp"] = now["Seccomp"]
    return held or None

@attempt("own loopback is down")
def _():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname(), 3)
    client.close()

print(json.dumps(got))
`;
