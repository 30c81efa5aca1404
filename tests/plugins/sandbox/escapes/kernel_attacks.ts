/**
 * Attacks on the kernel and on other processes.
 *
 * @module
 */
import { attackScript } from "./prelude.ts";

/** Asks the kernel for what a confined program has no business with. */
export const KERNEL: string = attackScript(String.raw`
NEWNS, NEWUSER, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP, NEWTIME = 0x20000, 0x10000000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80
buffer = ctypes.create_string_buffer(4096)
here = os.getcwd().encode()
os.mkdir("place")
def child(name, *args): return in_child(lambda: call(name, *args))
def of_library(name, *args):
    def run():
        if getattr(libc, name)(*args) < 0: raise OSError(ctypes.get_errno(), name)
        return "done"
    return in_child(run)

for name, flag in (("user", NEWUSER), ("mount", NEWNS), ("process", NEWPID), ("network", NEWNET), ("ipc", NEWIPC), ("name", NEWUTS), ("cgroup", NEWCGROUP), ("time", NEWTIME)):
    attack("unshare a %s namespace" % name, child, "unshare", flag)

def by_clone():
    def run():
        result = libc.syscall(ctypes.c_long(facts["syscalls"]["clone"]), NEWUSER | NEWNS | signal.SIGCHLD, 0, 0, 0, 0)
        if result == 0: os._exit(0)
        if result < 0: raise OSError(ctypes.get_errno(), "clone")
        return "cloned"
    return in_child(run)
attack("clone into a user namespace", by_clone)

def by_clone3():
    def run():
        args = struct.pack("<8Q", NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
        result = libc.syscall(ctypes.c_long(facts["syscalls"]["clone3"]), args, ctypes.c_size_t(len(args)))
        if result == 0: os._exit(0)
        if result < 0: raise OSError(ctypes.get_errno(), "clone3")
        return "cloned"
    return in_child(run)
attack("clone3 into a user namespace", by_clone3)
for program in (["unshare", "--user", "--map-root-user", "true"], ["bwrap", "--unshare-user", "--bind", "/", "/", "true"], ["chroot", "/", "true"], ["su", "-c", "true"], ["sudo", "-n", "true"], ["mount", "-t", "tmpfs", "none", "place"], ["nsenter", "--target", "1", "--mount", "true"], ["newuidmap", str(os.getpid()), "0", "0", "1"], ["pkexec", "true"], ["newgrp", "shadow"]):
    def run():
        try: done = subprocess.run(program, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
        except subprocess.TimeoutExpired: return None
        return "it ran" if confined and done.returncode == 0 and program[0] not in ("su", "newgrp") else None
    attack("run %s" % program[0], run)

def of_namespaces():
    got = []
    for pid in ("1", str(os.getppid()), str(facts["server"])):
        for path in glob.glob("/proc/%s/ns/*" % pid):
            handle = tried(os.open, path, os.O_RDONLY)
            if handle is None: continue
            try: got.append(in_child(lambda: call("setns", handle, 0)))
            except OSError: pass
    return [it for it in got if it] or None
attack("enter a namespace of another process", of_namespaces)
attack("enter its own namespace", lambda: child("setns", os.open("/proc/self/ns/mnt", os.O_RDONLY), 0))
if confined: attack("mount a file system", child, "mount", b"none", here + b"/place", b"tmpfs", 0, None)
if confined: attack("mount /proc", child, "mount", b"proc", here + b"/place", b"proc", 0, None)
if confined: attack("mount a folder elsewhere", child, "mount", b"/usr", here + b"/place", None, 4096, None)
if confined:
    attack("make the root writable", child, "mount", None, b"/", None, 32 | 4096, None)
    attack("make /proc writable", child, "mount", None, b"/proc", None, 32 | 4096, None)
    for path in (b"/proc", b"/tmp", b"/usr", b"/etc/passwd", b"/dev"): attack("unmount %s" % path.decode(), child, "umount2", path, 2)
    if confined: attack("pivot the root", child, "pivot_root", here, here + b"/place")
attack("change the root", child, "chroot", here)
attack("open a file system", child, "fsopen", b"tmpfs", 0)
attack("clone a tree of mounts", child, "open_tree", -100, b"/", 1)
if confined: attack("change a mount", child, "mount_setattr", -100, b"/usr", 0, struct.pack("<4Q", 0, 1, 0, 0), ctypes.c_size_t(32))
if confined: attack("move a mount", child, "move_mount", -100, b"/usr", -100, here + b"/place", 0)

attack("trace oneself", child, "ptrace", 0, 0, None, None)
def victim(function):
    # a child of its own, which a program without a filter may trace
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
        os._exit(0)
    try: return function(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
attack("trace a child", victim, lambda pid: call("ptrace", 0x4206, pid, None, None))
local = struct.pack("<2Q", ctypes.addressof(buffer), 8)
attack("read the memory of a child", victim, lambda pid: call("process_vm_readv", pid, local, ctypes.c_ulong(1), local, ctypes.c_ulong(1), 0))
attack("write the memory of a child", victim, lambda pid: call("process_vm_writev", pid, local, ctypes.c_ulong(1), local, ctypes.c_ulong(1), 0))
attack("take a descriptor of a child", victim, lambda pid: call("pidfd_getfd", os.pidfd_open(pid), 1, 0))
attack("compare with a child", victim, lambda pid: call("kcmp", os.getpid(), pid, 0, 0, 0))
for name, pid in (("first process", 1), ("parent", os.getppid()), ("server", facts["server"])):
    if name == "first process" and not confined: continue
    attack("trace the %s" % name, lambda: call("ptrace", 0x4206, pid, None, None))
    attack("read the memory of the %s" % name, lambda: call("process_vm_readv", pid, local, ctypes.c_ulong(1), local, ctypes.c_ulong(1), 0))
    attack("take a descriptor of the %s" % name, lambda: call("pidfd_getfd", os.pidfd_open(pid), 0, 0))

attack("set up io_uring", child, "io_uring_setup", 1, ctypes.create_string_buffer(120))
attack("make a map of bpf", child, "bpf", 0, struct.pack("<5I", 2, 4, 4, 1, 0) + bytes(100), ctypes.c_uint(120))
attack("load a program of bpf", child, "bpf", 5, bytes(120), ctypes.c_uint(120))
attack("measure the machine", child, "perf_event_open", struct.pack("<IIQ", 1, 112, 0) + bytes(96), 0, -1, -1, 0)
attack("handle faults of pages", child, "userfaultfd", 1)
attack("join a keyring", child, "keyctl", 1, b"collet-escape", 0, 0, 0)
attack("look for the user's keyring", child, "keyctl", 0, -4, 0, 0, 0)
attack("add a key", child, "add_key", b"user", b"collet-escape", b"x", ctypes.c_size_t(1), -1)
attack("request a key", child, "request_key", b"user", b"collet-escape", None, -1)
for name, value in (("32-bit", 8), ("executable data", 0x400000), ("old layout", 0x200000), ("page zero", 0x100000)): attack("take the personality %s" % name, child, "personality", value)
attack("load a module", child, "init_module", buffer, ctypes.c_ulong(16), b"")
attack("load a module from a file", child, "finit_module", 0, b"", 0)
attack("remove a module", child, "delete_module", b"collet_escape", 0)
if confined: attack("load a kernel", child, "kexec_load", 0, ctypes.c_ulong(0), None, ctypes.c_ulong(0xffff0000))
attack("restart the machine, with a wrong word", child, "reboot", 1, 2, 3, None)
attack("swap to a file", child, "swapon", b"/nonexistent", 0)
if confined:
    attack("end accounting", child, "acct", None)
    attack("set the clock", child, "clock_settime", 0, struct.pack("<2q", int(time.time()), 0))
    attack("name the machine", of_library, "sethostname", b"escaped", 7)
    attack("name its domain", of_library, "setdomainname", b"escaped", 7)
attack("read the kernel's log", child, "syslog", 3, buffer, 4096)
attack("watch the file system", child, "fanotify_init", 0, 0)
attack("open by a handle", child, "open_by_handle_at", -100, struct.pack("<II", 8, 1) + bytes(8), 0)
attack("give a handle", child, "name_to_handle_at", -100, b"/usr", struct.pack("<II", 128, 0) + bytes(128), ctypes.create_string_buffer(4), 0)
if os.uname().machine == "x86_64":
    attack("reach the ports", child, "iopl", 3)
    attack("reach a port", child, "ioperm", ctypes.c_ulong(0x80), ctypes.c_ulong(1), 1)
    attack("change segments", child, "modify_ldt", 1, struct.pack("<4I", 0, 0, 0xfffff, 0), ctypes.c_ulong(16))
attack("move pages", child, "move_pages", 0, ctypes.c_ulong(0), None, None, None, 0)
attack("migrate pages", child, "migrate_pages", 0, ctypes.c_ulong(64), buffer, buffer)
attack("hang the terminal up", child, "vhangup")
attack("ask for quotas", child, "quotactl", 0x80000700, b"/dev/vda", 0, buffer)

for name, family, kind, protocol in (("vsock", 40, 1, 0), ("packets", 17, 3, 768), ("packets of old", 2, 10, 768), ("raw", 2, 3, 1), ("ping", 2, 2, 1), ("audit", 16, 3, 9), ("events of devices", 16, 2, 15), ("firewall", 16, 3, 12), ("ciphers", 38, 5, 0), ("bluetooth", 31, 3, 1), ("can", 29, 3, 1), ("xdp", 44, 3, 0), ("rds", 21, 5, 0), ("tipc", 30, 1, 0), ("kcm", 41, 2, 0), ("smc", 43, 1, 0), ("infiniband", 27, 3, 0)):
    def opened():
        number = libc.socket(family, kind, protocol)
        if number < 0: raise OSError(ctypes.get_errno(), name)
        return "a socket"
    attack("open a socket for %s" % name, opened)

def typed(request):
    for path in ("/dev/tty", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "/dev/pts/0", "/dev/console"):
        handle = tried(os.open, path, os.O_RDWR | os.O_NOCTTY)
        if handle is not None:
            for character in "TYPED":
                call("ioctl", handle, ctypes.c_ulong(request), character.encode())
            return "typed to " + path
if confined: attack("type into the terminal", typed, 0x5412)
if confined: attack("type into the terminal, with a bit that the kernel drops", typed, 0x100005412)
attack("paste into the console", lambda: call("ioctl", os.open("/dev/tty", os.O_RDWR), ctypes.c_ulong(0x541c), b"\3"))
attack("open the terminal", lambda: os.write(os.open("/dev/tty", os.O_RDWR), b"WRITTEN") and "written")
if confined: attack("find a terminal", lambda: [path for path in glob.glob("/dev/pts/[0-9]*") if tried(os.open, path, os.O_RDWR | os.O_NOCTTY)] or None)
def own_terminal():
    # one of its own is no harm, and the line discipline of it neither
    handle = tried(os.open, "/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    return None if handle is None else call("ioctl", handle, ctypes.c_ulong(0x5423), struct.pack("<i", 21))
attack("load a line discipline", own_terminal)

def foreign(code):
    """Runs machine code in a child: system calls of another interface, whose numbers mean others."""
    import mmap
    def run():
        memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        memory.write(code)
        function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
        result = function()
        if result < 0: raise OSError(-ctypes.c_int(result & 0xffffffff).value, "foreign")
        return "gives %d" % result
    return in_child(run)
if os.uname().machine == "x86_64":
    save, back = b"\x53", b"\x48\x98\x5b\xc3"
    attack("unshare as a 32-bit program", foreign, save + b"\xb8" + struct.pack("<I", 310) + b"\xbb" + struct.pack("<I", NEWUSER) + b"\xcd\x80" + back)
    attack("trace as a 32-bit program", foreign, save + b"\xb8" + struct.pack("<I", 26) + b"\x31\xdb\x31\xc9\x31\xd2\x31\xf6\xcd\x80" + back)
    attack("join a keyring as a 32-bit program", foreign, save + b"\xb8" + struct.pack("<I", 288) + b"\xbb" + struct.pack("<I", 1) + b"\x31\xc9\xcd\x80" + back)
    for name in ("unshare", "keyctl"):
        attack("%s by the x32 interface" % name, lambda: in_child(lambda: libc.syscall(ctypes.c_long(facts["syscalls"][name] | 0x40000000), 1 if name == "keyctl" else NEWUSER, None) >= 0 and "done" or (_ for _ in ()).throw(OSError(ctypes.get_errno(), name))))

if facts["uid"] != 0 or confined:
    def root(function):
        return in_child(lambda: function() or (os.getuid() == 0 and confined and read("/proc/self/status").split("CapEff")[0] and None))
    attack("become root", lambda: os.getuid() != 0 and root(lambda: os.setuid(0) or "root") or None)
    attack("become another user", lambda: in_child(lambda: os.setresuid(12345, 12345, 12345) or "changed"))
    attack("join another group", lambda: in_child(lambda: os.setgroups([0, 42]) or "joined"))
    attack("take capabilities", of_library, "capset", struct.pack("<2I", 0x20080522, 0), struct.pack("<6I", *([0xffffffff] * 6)))
    attack("gain priority", lambda: in_child(lambda: os.setpriority(os.PRIO_PROCESS, 0, -10) or "gained"))
    attack("run in real time", lambda: in_child(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or "real time"))
    import resource
    for name in ("RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE"):
        def raised():
            soft, hard = resource.getrlimit(getattr(resource, name))
            if hard == resource.RLIM_INFINITY: return "%s is without limit" % name
            try: resource.setrlimit(getattr(resource, name), (hard + 1, hard + 1))
            except ValueError: raise OSError(errno.EPERM, name)
            return "raised"
        attack("raise %s" % name, lambda: in_child(raised))

def status():
    return dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
now = status()
attack("hold capabilities", lambda: {name: now[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd") if int(now[name], 16)} or None)
attack("gain privileges by a program", lambda: None if now["NoNewPrivs"] == "1" else "NoNewPrivs is %s" % now["NoNewPrivs"])
attack("be without a filter", lambda: None if now["Seccomp"] == "2" else "Seccomp is %s" % now["Seccomp"])
attack("keep groups", lambda: now["Groups"].split() if set(now["Groups"].split()) - {"65534", "1000", "0"} else None)
attack("share namespaces", lambda: [name for name, path in facts["namespaces"].items() if os.readlink("/proc/self/ns/" + name) == path] or None)
`);

/** Signals, and what is to outlive the call. Arguments: `server`, `victim`, `word`, `pids`: the machine's own namespace. */
export const PROCESSES: string = attackScript(String.raw`
own = os.readlink("/proc/self/ns/pid") != facts["pids"]
for name in ("server", "victim"):
    attack("signal the %s" % name, lambda: os.kill(facts[name], signal.SIGTERM if own else 0) or "signalled")
    attack("signal the group of the %s" % name, lambda: os.killpg(facts[name], signal.SIGTERM if own else 0) or "signalled")
    attack("signal the %s by a descriptor" % name, lambda: signal.pidfd_send_signal(os.pidfd_open(facts[name]), signal.SIGTERM if own else 0) or "signalled")
    attack("find the %s" % name, lambda: read("/proc/%d/stat" % facts[name]))
    attack("slow the %s" % name, lambda: own and (os.setpriority(os.PRIO_PROCESS, facts[name], 19) or "slowed") or os.getpriority(os.PRIO_PROCESS, facts[name]) or None)
    attack("limit the %s" % name, lambda: __import__("resource").prlimit(facts[name], 7) and "read")
attack("see processes of the machine", lambda: [pid for pid in os.listdir("/proc") if pid.isdigit() and str(facts["victim"]) == pid] or None)
attack("share process ids", lambda: None if own else "with the machine")

def leave(arguments, prepare):
    """Starts something in a session of its own, as a grandchild with nothing open and an empty environment."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        prepare()
        os.closerange(0, 256)
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2): os.dup2(null, number)
        os.execve(arguments[0], arguments, {})
    os.waitpid(pid, 0)
left = facts["word"]
leave(["/usr/bin/python3", "-c", "import time; time.sleep(600)", left], lambda: None)
leave(["/usr/bin/python3", "-c", "import time; time.sleep(600)", left], lambda: [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)])
leave(["/usr/bin/python3", "-c", "import time; time.sleep(600)", left], lambda: os.chdir("/") or os.umask(0) and None)
# one that is never the same process for long
leave(["/usr/bin/python3", "-c", "import os, time\nend = time.time() + 60\nwhile time.time() < end:\n    if os.fork(): os._exit(0)\n    os.setsid()\n    time.sleep(0.01)", left], lambda: None)
outcomes["leave something behind"] = "nothing"
`);

/** Ends all it can: afterwards it has not answered. Arguments: `pids`. */
export const ENDING: string = attackScript(String.raw`
if os.readlink("/proc/self/ns/pid") != facts["pids"]: os.kill(-1, signal.SIGKILL)
`);
