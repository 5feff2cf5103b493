"""Which system calls a student's process may not make: a filter for the kernel.

The namespaces of the sandbox hold a process already; the filter takes away memory that no limit
counts (memfd, System V) and corners of the kernel that no homework needs.
"""

import platform
import struct

# AUDIT_ARCH of <linux/audit.h>, socket and socketpair, and what is denied: the numbers of
# memfd_create, memfd_secret, shmget, msgget, semget, ptrace, process_vm_readv, process_vm_writev,
# userfaultfd, bpf, perf_event_open, add_key, request_key, keyctl, unshare, setns, mount, umount2,
# pivot_root, open_by_handle_at, quotactl, kexec_load, init_module, finit_module, then
# io_uring_setup, open_tree, move_mount, fsopen, fsconfig, fsmount, which are the same everywhere.
SAME = "425 428 429 430 431 432"
MACHINES = {
    "x86_64": (
        0xC000003E,
        "41 53",
        "319 447 29 68 64 101 310 311 323 321 298 248 249 250 272 308 165 166 155 304 179 246 175 313",
    ),
    "aarch64": (
        0xC00000B7,
        "198 199",
        "279 447 194 186 190 117 270 271 282 280 241 217 218 219 97 268 40 39 41 265 60 104 105 273",
    ),
}
X32 = 0x40000000  # from here on, x86_64 knows the same calls by other numbers
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6; not AF_VSOCK, which no namespace holds

LOAD, JUMP, JUMP_FROM, RETURN = 0x20, 0x15, 0x35, 0x06  # of <linux/bpf_common.h>
NUMBER, ARCHITECTURE, ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
ALLOW, DENY = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM


def program(machine=None):
    """Write the filter as the kernel's instructions.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` names it; this one by default.

    Returns
    -------
    bytes
        8 for each instruction (struct sock_filter).

    Raises
    ------
    KeyError
        If the numbers of the calls are not known for that machine.
    """
    architecture, sockets, denied = MACHINES[machine or platform.machine()]
    head = [(LOAD, ARCHITECTURE, None), (JUMP, architecture, "not")]
    calls = [(LOAD, NUMBER, None), (JUMP_FROM, X32, "deny")]
    calls += [(JUMP, int(number), "deny") for number in f"{denied} {SAME}".split()]
    calls += [(JUMP, int(number), "family") for number in sockets.split()]
    families = [(LOAD, ARGUMENT, None), *((JUMP, family, "allow") for family in FAMILIES)]
    lines = [*head, *calls, (RETURN, ALLOW, None), *families, (RETURN, DENY, None), (RETURN, ALLOW, None)]
    places = {"family": len(head) + len(calls) + 1, "deny": len(lines) - 2, "allow": len(lines) - 1}
    code = b""
    for i, (operation, value, target) in enumerate(lines):
        if target == "not":  # the only jump that is taken where the values differ
            true, false = 0, places["deny"] - i - 1
        else:
            true, false = 0 if target is None else places[target] - i - 1, 0
        code += struct.pack("=HBBI", operation, true, false, value)
    return code
