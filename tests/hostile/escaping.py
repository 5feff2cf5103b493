"""Leave the sandbox: the network, the disk, other submissions, other processes."""

from hostile import POINTS, Family
from hostile.spying import REPORT

ESCAPING = Family("leaving the sandbox")

ESCAPING.beside(
    "network",
    "reach the machine, the network and name servers",
    REPORT
    + """
import socket
for family, place in (
    (socket.AF_INET, ("127.0.0.1", 22)), (socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_INET6, ("::1", 22)),
    (socket.AF_UNIX, "/run/dbus/system_bus_socket"), (socket.AF_UNIX, "\\0/tmp/.X11-unix/X0"),
    (socket.AF_UNIX, "/var/run/docker.sock"),
):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(0.5)
            s.connect(place)
    except OSError:
        continue
    report(place)
try:
    report(socket.getaddrinfo("example.org", 80))
except OSError:
    pass
if set(name for _, name in socket.if_nameindex()) - {"lo"}:
    report(socket.if_nameindex())
""",
    quick=True,
)
ESCAPING.beside(
    "write-everywhere",
    "leave a file in every folder that can be written",
    REPORT
    + """
import os
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if f not in ("proc", "sys")]
    if folder.count("/") > 5:
        folders[:] = []
    try:
        open(f"{folder}/hostile-was-here", "w").close()
    except OSError:
        continue
    if not folder.startswith(("/tmp", "/home/student", "/dev/shm")):
        report(folder)
""",
)
ESCAPING.beside(
    "overwrite-packages",
    "change the packages, the grader's files and the Python of later submissions",
    REPORT
    + """
import glob, os, sys
for path in [*sys.path, sys.prefix, "/course", "/course/coursework", "/usr/bin", os.path.dirname(np.__file__)]:
    for file in glob.glob(path + "/*")[:50]:
        for change in (lambda: os.chmod(file, 0o777), lambda: os.utime(file), lambda: os.rename(file, file + "~"),
                       lambda: open(file, "a").close()):
            try:
                if os.path.isfile(file):
                    change()
                else:
                    continue
            except OSError:
                continue
            report(file)
""",
    right=tuple(POINTS),
)
ESCAPING.beside(
    "delete-everything",
    "delete the whole disk",
    "import shutil\nfor folder in ('/course', '/home', '/tmp', '/usr', '/'):\n    shutil.rmtree(folder, ignore_errors=True)",
    right=(),
    may=tuple(POINTS),
)
ESCAPING.beside(
    "namespaces",
    "become root in a namespace of its own, mount, change root, load modules",
    REPORT
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x10020000, 0x00020000, 0x20000000, 0x40000000, 0x02000000):
    if libc.unshare(flags) == 0:
        report(f"unshare {flags:x}")
if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0:
    report("mount")
if libc.chroot(b"/tmp") == 0 or libc.setuid(0) == 0 or libc.sethostname(b"x", 1) == 0:
    report("root")
if libc.syscall(272, 0x10000000) == 0 or libc.pivot_root(b"/tmp", b"/tmp") == 0 if hasattr(libc, "pivot_root") else False:
    report("pivot")
for pid in os.listdir("/proc"):
    if pid.isdigit():
        for kind in ("mnt", "user", "pid", "net"):
            try:
                fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
            except OSError:
                continue
            if os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"):
                if libc.setns(fd, 0) == 0:
                    report(f"setns {pid} {kind}")
            os.close(fd)
""",
)
ESCAPING.beside(
    "setuid",
    "look for programs that run as root, and run them",
    REPORT
    + """
import os, subprocess
for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/tmp"], ["pkexec", "id"],
                ["bwrap", "--ro-bind", "/", "/", "id"], ["unshare", "-r", "id"], ["newuidmap", "1", "0", "0", "1"]):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        continue
    if done.returncode == 0:
        report(command, done.stdout)
""",
)
ESCAPING.beside(
    "devices",
    "make and open devices, and type into the terminal",
    REPORT
    + """
import fcntl, os, stat, termios
for name, number in (("mem", (1, 1)), ("sda", (8, 0)), ("vda", (254, 0)), ("kmsg", (1, 11))):
    try:
        os.mknod(f"/tmp/{name}", stat.S_IFBLK | 0o666, os.makedev(*number))
        os.open(f"/tmp/{name}", os.O_RDWR)
    except OSError:
        pass
    else:
        report(name)
    if os.path.exists(f"/dev/{name}"):
        report(f"/dev/{name}")
for path in ("/dev/tty", "/dev/console", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"):
    try:
        fd = os.open(path, os.O_RDWR)
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
    except OSError:
        continue
    report(path)
""",
)
ESCAPING.beside(
    "other-submissions",
    "look for other people's notebooks, grades and home folders",
    REPORT
    + """
import glob, os
for path in glob.glob("/*") + glob.glob("/home/*") + glob.glob("/home/*/*") + glob.glob("/tmp/*") + glob.glob("/*/*"):
    if path.endswith((".ipynb", ".csv", "submissions", "grades", "submitted", ".git")):
        report(path)
import sys
python = (sys.prefix, sys.base_prefix)
for path in glob.glob("/*") + glob.glob("/home/*") + glob.glob("/etc/*"):
    wanted = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/dev", "/tmp", "/course", "/etc/ld.so.cache")
    if path not in (*wanted, "/etc", "/home", "/home/student") and not any(p.startswith(path) for p in python):
        report(path, os.listdir(path) if os.path.isdir(path) else "")
""",
)
ESCAPING.beside(
    "kernel-settings",
    "write to the kernel's settings",
    REPORT
    + """
import glob
for path in glob.glob("/proc/sys/**/*", recursive=True) + ["/proc/sysrq-trigger", "/proc/self/uid_map"]:
    try:
        text = open(path).read()
        with open(path, "w") as file:
            file.write(text)
    except (OSError, ValueError):
        continue
    if not any(own in path for own in ("/net/", "mqueue", "/msg", "/sem", "/shm", "msgmni", "pid_max", "last_pid")):  # of its namespaces
        report(path)
""",
)
ESCAPING.beside(
    "shared-memory-left",
    "leave System V shared memory, semaphores and message queues behind",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    for key in range(771200, 771210):
        libc.shmget(key, 4096, 0o1666); libc.semget(key, 1, 0o1666); libc.msgget(key, 0o1666)
    """,
)
