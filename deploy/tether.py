"""Start a program tied to its parent: it receives a signal when the launcher dies, whatever killed it.

Run as `python -I -S tether.py PARENT SIGNAL USER PROGRAM ARGUMENTS…` (USER may be empty); stdlib only, since it must
start in a few milliseconds before it becomes PROGRAM.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, death_signal: str, user: str, program: str, *arguments: str) -> None:
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    # After setuid, which clears it; it survives execve.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.Signals[death_signal].value, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("tether: the launcher died before the start")
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
