package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attempts names the error that each try met; "done" if it met none.
type attempts struct {
	WriteRoot       string `json:"writeRoot"`
	WriteRootAsRoot string `json:"writeRootAsRoot"`
	Mount           string `json:"mount"`
	RemountRoot     string `json:"remountRoot"`
	BecomeRoot      string `json:"becomeRoot"`
}

// escape goes into the mounts of a process, first as root with all capabilities, then as that process: with its ids, no
// capability and no way to gain one. Filters of system calls are not put on, which only makes trying easier.
func escape(pid string) error {
	status, err := statusOf(pid)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	mounts, err := os.Open("/proc/" + pid + "/ns/mnt")
	if err != nil {
		return err
	}
	// A thread that shares its root directory with others may not change its mounts.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Setns(int(mounts.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("setns: %w", err)
	}
	var tried attempts
	tried.WriteRootAsRoot = write("/escaped")
	if err := become(status); err != nil {
		return err
	}
	tried.WriteRoot = write("/escaped")
	tried.Mount = named(unix.Mount("none", "/proc", "tmpfs", 0, ""))
	tried.RemountRoot = named(unix.Mount("none", "/", "", unix.MS_REMOUNT|unix.MS_BIND, ""))
	_, _, number := unix.RawSyscall(unix.SYS_SETUID, 0, 0, 0)
	tried.BecomeRoot = named(number)
	return json.NewEncoder(os.Stdout).Encode(tried)
}

type ids struct{ user, group int }

func statusOf(pid string) (ids, error) {
	file, err := os.Open("/proc/" + pid + "/status")
	if err != nil {
		return ids{}, err
	}
	defer file.Close()
	var found ids
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(value)
		if name != "Uid" && name != "Gid" || len(fields) < 2 {
			continue
		}
		id, err := strconv.Atoi(fields[1])
		if err != nil {
			return ids{}, err
		}
		if name == "Uid" {
			found.user = id
		} else {
			found.group = id
		}
	}
	return found, lines.Err()
}

// become is of this thread alone: Go's own functions would change all threads.
func become(status ids) error {
	group, user := uintptr(status.group), uintptr(status.user)
	for name, step := range map[string][4]uintptr{
		"setgroups": {unix.SYS_SETGROUPS, 0, 0, 0}, "setresgid": {unix.SYS_SETRESGID, group, group, group},
	} {
		if _, _, number := unix.RawSyscall(step[0], step[1], step[2], step[3]); number != 0 {
			return fmt.Errorf("%s: %w", name, number)
		}
	}
	if _, _, number := unix.RawSyscall(unix.SYS_SETRESUID, user, user, user); number != 0 {
		return fmt.Errorf("setresuid: %w", number)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	return nil
}

func write(path string) string {
	file, err := unix.Open(path, unix.O_CREAT|unix.O_WRONLY|unix.O_EXCL, 0o600)
	if err == nil {
		_ = unix.Close(file)
		_ = unix.Unlink(path)
	}
	return named(err)
}

func named(err error) string {
	var number syscall.Errno
	if err == nil || errors.As(err, &number) && number == 0 {
		return "done"
	}
	switch number {
	case unix.EROFS:
		return "EROFS"
	case unix.EPERM:
		return "EPERM"
	case unix.EACCES:
		return "EACCES"
	}
	return err.Error()
}
