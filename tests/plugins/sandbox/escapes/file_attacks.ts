/**
 * Attacks on files: what is to stay unseen, and what is to stay as it is.
 *
 * @module
 */
import { attackScript } from "./prelude.ts";

/**
 * Reads what is hidden, in every way there is to a path. Arguments: `hidden`, paths of files by name; `folders`, those of
 * folders; `secret`, a text that no file shows; `values`, secrets of the server's environment.
 */
export const READING: string = attackScript(String.raw`
def inherited():
    """Descriptors beyond 0 to 2, but the one with which this looks."""
    listed = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
    found = {}
    for name in os.listdir(listed):
        if int(name) > 2 and int(name) != listed: found[name] = tried(os.readlink, "/proc/self/fd/" + name)
    return {name: path for name, path in found.items() if path is not None and not path.startswith("/proc/")} or None
attack("find a descriptor that was left open", inherited)


O_PATH = 0o10000000

def by_link(path):
    link = "link%d" % len(outcomes)
    os.symlink(path, link)
    return read(link)

def by_hard_link(path):
    link = "hard%d" % len(outcomes)
    os.link(path, link)
    return read(link)

def by_descriptor(path):
    handle = os.open(path, O_PATH)
    return read("/proc/self/fd/%d" % handle)

def by_relative_path(path):
    place = os.open(".", O_PATH | os.O_DIRECTORY)
    with open(os.open("../" * 20 + path[1:], os.O_RDONLY, dir_fd=place), "rb") as file: return file.read(200)

def by_shell(path):
    done = subprocess.run(["/bin/bash", "-c", 'cat -- "$1"', "sh", path], capture_output=True, text=True)
    return done.stdout or None

WAYS = {
    "open": read,
    "a link": by_link,
    "a hard link": by_hard_link,
    "a descriptor": by_descriptor,
    "..": by_relative_path,
    "bash": by_shell,
    "/proc/self/root": lambda path: read("/proc/self/root" + path),
    "/proc/1/root": lambda path: read("/proc/1/root" + path),
    "/proc/1/cwd": lambda path: read("/proc/1/cwd/" + "../" * 20 + path[1:]),
    "the root of the parent": lambda path: read("/proc/%d/root%s" % (os.getppid(), path)),
    "the root of the server": lambda path: read("/proc/%d/root%s" % (facts["server"], path)),
}
def foreign_names(folder):
    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    own = facts["own"] + [os.environ["HOME"]]
    return [path for path in paths if not any(it == path or it.startswith(path + "/") for it in own)] or None

for name, path in facts["hidden"].items():
    for way, function in WAYS.items(): attack("read %s by %s" % (name, way), function, path)
for name, path in facts["folders"].items():
    attack("list %s" % name, foreign_names, path)
    # where nothing is called something else inside, the way to what is its own is there
    if facts["moves"]:
        attack("enter %s" % name, lambda: os.chdir(path) or "entered")
        attack("find %s" % name, lambda: os.stat(path) and "there")

def all_files():
    """Looks for the text in every file that can be seen outside of the system."""
    skipped = {"/proc", "/sys", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/dev", "/nix", "/runtime"}
    for folder, folders, files in os.walk("/" if confined else os.path.dirname(facts["userHome"])):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in skipped]
        for file in files:
            path = os.path.join(folder, file)
            try:
                if os.path.getsize(path) < 1 << 20 and facts["secret"] in open(path, errors="replace").read(): return path
            except OSError: pass
attack("find a secret in any file", all_files)

def in_proc(names):
    for path in glob.glob("/proc/[0-9]*") + glob.glob("/proc/[0-9]*/task/*"):
        for name in names:
            text = tried(read_whole, path + "/" + name) or ""
            for value in facts["values"]:
                if value in text: return "%s/%s" % (path, name)

def read_whole(path):
    with open(path, "rb") as file: return file.read(1 << 20).decode(errors="replace")

attack("find the server's environment in any process", in_proc, ["environ"])
attack("find a secret in the words of any process", in_proc, ["cmdline"])

def home_in_words():
    text = (tried(read_whole, "/proc/1/cmdline") or "") + (tried(read_whole, "/proc/%d/cmdline" % os.getppid()) or "")
    return text if facts["userHome"] in text else None
attack("find the user's home in the words of the sandbox", home_in_words)

def descriptors_of(pid):
    def through():
        found = [path for path in glob.glob("/proc/%d/fd/*" % pid)]
        for path in found:
            leads = tried(os.readlink, path) or ""
            if leads.startswith("/") and not leads.startswith(("/dev/null", "/proc", os.environ["HOME"])): return "%s -> %s" % (path, leads)
        return None
    return through
attack("find an open file of the first process", descriptors_of(1))
attack("find an open file of the parent", descriptors_of(os.getppid()))
attack("read the memory of the first process", lambda: os.open("/proc/1/mem", os.O_RDWR) and "opened")
attack("read the memory of the server", lambda: read("/proc/%d/maps" % facts["server"]))
attack("read the memory of the kernel", lambda: os.open("/proc/kcore", os.O_RDONLY) and "opened")
attack("read the log of the kernel", lambda: os.open("/dev/kmsg", os.O_RDONLY) and "opened")
attack("read the keys of the kernel", lambda: read_whole("/proc/keys").strip() or None)

def loaded():
    given = {name: os.environ[name] for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "NODE_OPTIONS", "PYTHONSTARTUP", "PYTHONPATH", "BASH_ENV", "ENV", "RUBYOPT", "PERL5OPT", "COLLET_HOME", "SERVER_SECRET", "DENO_DIR", "SSH_AUTH_SOCK") if name in os.environ}
    return {name: value for name, value in given.items() if facts["secret"] in value} or None
attack("inherit a variable of the server", loaded)

def names_of_users():
    text = tried(read_whole, "/etc/passwd") or ""
    return "root's line" if confined and facts["moves"] and "root:" in text else None
attack("read the users of the machine", names_of_users)
`);

/**
 * Changes what is not its own. What could do harm is only opened. Arguments: `places`, folders; `marker`, the name of a
 * file; `tool`, its own folder; `files`, paths of files.
 */
export const WRITING: string = attackScript(String.raw`
def create(folder):
    path = os.path.join(folder, facts["marker"])
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(file, b"x")
    os.close(file)
    return path

def open_to_write(path):
    os.close(os.open(path, os.O_WRONLY))
    return "opened"

for folder in facts["places"] + [facts["tool"]]:
    attack("create in %s" % folder, create, folder)
    attack("create in %s by bash" % folder, lambda: subprocess.run(["/bin/bash", "-c", 'echo x 2>/dev/null >"$1"', "sh", os.path.join(folder, facts["marker"] + "-bash")], stderr=subprocess.DEVNULL).returncode == 0 or None)
    attack("make a folder in %s" % folder, lambda: os.mkdir(os.path.join(folder, facts["marker"] + "-folder")) or "made")
    attack("link into %s" % folder, lambda: os.symlink("/", os.path.join(folder, facts["marker"] + "-link")) or "made")
    attack("take a name in %s away" % folder, lambda: confined and os.rename(folder, folder.rstrip("/") + "-gone") or None)

KERNEL = [
    "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory",
    "/proc/sys/vm/drop_caches", "/proc/sys/fs/binfmt_misc/register", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger",
    "/proc/1/oom_score_adj", "/proc/%d/oom_score_adj" % facts["server"], "/proc/1/comm", "/proc/acpi", "/proc/irq/default_smp_affinity",
    "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state", "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/pids/cgroup.procs",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/sda", "/dev/vda", "/dev/kmsg", "/dev/cpu/0/msr", "/dev/loop-control", "/dev/fuse",
    "/dev/net/tun", "/dev/vsock", "/dev/vhost-vsock", "/dev/kvm", "/dev/mapper/control", "/dev/userfaultfd", "/dev/uinput", "/dev/console", "/dev/tty1", "/dev/ptmx/../../etc/passwd",
]
if confined:
    for path in KERNEL: attack("write %s" % path, open_to_write, path)
    attack("be spared when memory is short", lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000") and "spared")
for name, path in facts["files"].items():
    attack("write %s" % name, open_to_write, path)
    attack("cut %s" % name, lambda: confined and os.truncate(path, 0) or None)
    attack("remove %s" % name, lambda: confined and os.remove(path) or None)
    attack("change the mode of %s" % name, lambda: confined and (os.chmod(path, 0o777) or "changed") or None)
    attack("change the owner of %s" % name, lambda: confined and (os.chown(path, os.getuid(), os.getgid()) or "changed") or None)

def groups():
    return [path for folder, _, files in os.walk("/sys/fs/cgroup") for path in [folder] if os.access(folder, os.W_OK)][:3] or None
attack("find a control group to write to", groups)

def overwrite_the_runtime():
    # whoever opens /proc/<pid>/exe of what started it, waits until it has ended, and writes to it (CVE-2019-5736)
    for pid in [1, os.getppid(), os.getpid()]:
        for path in ["/proc/%d/exe" % pid]:
            handle = tried(os.open, path, 0o10000000)
            if handle is None: continue
            # it is busy as long as it runs, and what started it runs as long as this does
            try: return "%s %s" % (path, open_to_write("/proc/self/fd/%d" % handle))
            except OSError: pass
attack("write to a program that runs, by /proc", overwrite_the_runtime)
attack("write to the program of the interpreter", open_to_write, os.path.realpath(sys.executable))
attack("write to the C library", open_to_write, next(line.split()[-1] for line in open("/proc/self/maps") if "libc" in line))
`);

/**
 * Makes in a granted folder what would do harm outside of the sandbox. Arguments: `granted`, the folder; `readable`, one
 * that is granted for reading.
 */
export const PLANTING: string = attackScript(String.raw`
AT_FDCWD = -100
os.chdir(facts["granted"])

def file(name):
    with open(name, "w") as it: it.write("#!/bin/sh\nid\n")
    return name

def has_bits(name):
    mode = os.stat(name).st_mode
    return "mode %o" % mode if mode & 0o6000 else None

def by_chmod(mode):
    name = file("set-id-chmod-%o" % mode)
    os.chmod(name, mode)
    return has_bits(name)
for mode in (0o4755, 0o2755, 0o6777): attack("chmod a file to %o" % mode, by_chmod, mode)

def by_fchmod():
    name = file("set-id-fchmod")
    with open(name) as it: os.fchmod(it.fileno(), 0o4755)
    return has_bits(name)
attack("fchmod a file to 4755", by_fchmod)

def by_call(name, *args):
    path = file("set-id-" + name)
    call(name, AT_FDCWD, path.encode(), *args)
    return has_bits(path)
attack("fchmodat a file to 4755", by_call, "fchmodat", 0o4755)
attack("fchmodat2 a file to 4755", by_call, "fchmodat2", 0o4755, 0)

def by_open(name, flags):
    os.umask(0)
    os.close(os.open(name, flags, 0o4755))
    return has_bits(name) if os.path.exists(name) else "made"
attack("open a new file with mode 4755", by_open, "set-id-open", os.O_CREAT | os.O_WRONLY)
attack("open a file without name with mode 4755", by_open, ".", 0o20200000 | os.O_WRONLY)

def by_openat2():
    how = struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o4755, 0)
    call("openat2", AT_FDCWD, b"set-id-openat2", how, ctypes.c_size_t(24))
    return has_bits("set-id-openat2")
attack("openat2 a new file with mode 4755", by_openat2)

def by_mknod(name, mode, device=0):
    os.mknod(name, mode, device)
    return has_bits(name) or "made" if stat.S_ISREG(mode) else "made"
attack("mknod a file with mode 4755", lambda: by_mknod("set-id-mknod", stat.S_IFREG | 0o4755))
attack("mknod the null device", by_mknod, "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
attack("mknod the memory device", by_mknod, "memory", stat.S_IFCHR | 0o666, os.makedev(1, 1))
attack("mknod a disk", by_mknod, "disk", stat.S_IFBLK | 0o666, os.makedev(254, 0))
attack("mkdir with mode 2777", lambda: os.mkdir("set-id-folder", 0o2777) or has_bits("set-id-folder"))

def by_copy():
    subprocess.run(["/bin/cp", "-p", "/usr/bin/passwd", "copied"], stderr=subprocess.DEVNULL)
    return has_bits("copied") if os.path.exists("copied") else None
attack("copy a set-uid program", by_copy)
def by_archive():
    import io, tarfile
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("set-id-archive")
        entry.mode = 0o4755
        archive.addfile(entry)
    subprocess.run(["/bin/tar", "-xp"], input=buffer.getvalue(), stderr=subprocess.DEVNULL)
    return has_bits("set-id-archive") if os.path.exists("set-id-archive") else None
attack("unpack a set-uid program", by_archive)
attack("give a file capabilities", lambda: os.setxattr(file("capable"), "security.capability", struct.pack("<5I", 0x02000001, 0xffffffff, 0, 0xffffffff, 0)) or "given")
attack("give a file to another user", lambda: confined and (os.chown(file("given"), 12345, 12345) or "given") or None)
attack("hard-link a file of the system", lambda: os.link("/usr/bin/passwd", "linked") or "linked")
attack("hard-link its own script", lambda: os.link(os.path.realpath(sys.argv[0]) if os.path.exists(sys.argv[0]) else "/etc/passwd", "linked-script") or "linked")
attack("read by a link out of the folder", lambda: os.symlink(facts["hidden"], "out") or read("out"))
attack("write by a link out of the folder", lambda: os.symlink(facts["outside"], "away") or open("away/" + facts["marker"], "w") and "written")
attack("write what is granted for reading", lambda: open(facts["readable"] + "/" + facts["marker"], "w") and "written")
attack("write what is granted for reading, over its owner", lambda: os.chmod(facts["readable"], 0o777) or open(facts["readable"] + "/" + facts["marker"], "w") and "written")
attack("leave the folder by ..", lambda: read("../" + facts["beside"]))
`);
