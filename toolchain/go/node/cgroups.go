package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// hierarchy is one mounted tree of control groups.
type hierarchy struct {
	path    string
	version int
	// options with which the same tree is mounted again, such as "memory" or "none,name=systemd".
	options string
}

// enterCgroups makes the control group in every hierarchy and moves this process into it, so that the namespace its
// child is cloned with begins there.
func enterCgroups(name string) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	if len(trees) == 0 {
		return fmt.Errorf("no control groups are mounted; mount cgroup2 on /sys/fs/cgroup")
	}
	for _, tree := range trees {
		group := filepath.Join(tree.path, name)
		if err := os.Mkdir(group, 0o755); err != nil && !os.IsExist(err) {
			return fmt.Errorf("cannot make the control group %s: %w", group, err)
		}
		// Of version 1, a new cpuset is empty and takes no process until it is given what its parent has.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if content, err := os.ReadFile(filepath.Join(tree.path, file)); tree.version == 1 && err == nil {
				if err := os.WriteFile(filepath.Join(group, file), content, 0o644); err != nil {
					return err
				}
			}
		}
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o644); err != nil {
			return fmt.Errorf("cannot enter the control group %s: %w", group, err)
		}
	}
	return nil
}

// mountCgroups shows the node its own control groups as the whole tree. /sys was mounted anew before.
func mountCgroups(trees []hierarchy) error {
	root := "/sys/fs/cgroup"
	if len(trees) == 1 && trees[0].version == 2 {
		if err := syscall.Mount("cgroup2", root, "cgroup2", 0, ""); err != nil {
			return fmt.Errorf("mount of %s: %w", root, err)
		}
		return delegate(root)
	}
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount of %s: %w", root, err)
	}
	for _, tree := range trees {
		if tree.version != 1 {
			continue
		}
		path := filepath.Join(root, filepath.Base(tree.path))
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount("cgroup", path, "cgroup", 0, tree.options); err != nil {
			return fmt.Errorf("mount of %s: %w", path, err)
		}
	}
	return nil
}

// delegate hands all controllers down. Of version 2, a group that does so may hold no process itself.
func delegate(root string) error {
	own := filepath.Join(root, "node")
	if err := os.Mkdir(own, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte("0"), 0o644); err != nil {
		return err
	}
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0o644); err != nil {
			return fmt.Errorf("controller %s: %w", controller, err)
		}
	}
	return nil
}

func hierarchies() ([]hierarchy, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var found []hierarchy
	for lines := bufio.NewScanner(file); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields, tail := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(tail) < 3 {
			continue
		}
		switch tail[0] {
		case "cgroup2":
			found = append(found, hierarchy{path: fields[4], version: 2})
		case "cgroup":
			found = append(found, hierarchy{path: fields[4], version: 1, options: cgroupOptions(tail[2])})
		}
	}
	return found, nil
}

func cgroupOptions(super string) string {
	var kept []string
	for _, option := range strings.Split(super, ",") {
		switch {
		case option == "rw", option == "ro", strings.HasPrefix(option, "release_agent="), option == "clone_children":
		case strings.HasPrefix(option, "name="):
			kept = append(kept, "none", option)
		default:
			kept = append(kept, option)
		}
	}
	return strings.Join(kept, ",")
}
