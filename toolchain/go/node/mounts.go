package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// arrangeMounts gives the node its own view of the machine's files. Nothing here is seen outside the node.
func arrangeMounts(node Node, trees []hierarchy) error {
	// First nothing may reach the machine; then mounts must be seen by the containers that ask to see them.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("shared mounts: %w", err)
	}
	if err := cover(node.Cover, node.Bind); err != nil {
		return err
	}
	// Whatever a program of the node tries to leave elsewhere is refused. What was bound above keeps being writable.
	if err := syscall.Mount("", "/", "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("read-only view of the machine: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount of /proc: %w", err)
	}
	if err := syscall.Mount("sysfs", "/sys", "sysfs", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount of /sys: %w", err)
	}
	if err := mountCgroups(trees); err != nil {
		return err
	}
	return placeFiles(node.Files)
}

// cover hides directories, and binds others that were opened before they could be hidden.
func cover(directories []string, binds []Bind) error {
	sources := make([]*os.File, len(binds))
	for i, bind := range binds {
		file, err := os.Open(bind.Source)
		if err != nil {
			return err
		}
		defer file.Close()
		sources[i] = file
	}
	for _, path := range directories {
		if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("cover of %s: %w", path, err)
		}
	}
	for i, bind := range binds {
		if err := os.MkdirAll(bind.Target, 0o755); err != nil {
			return err
		}
		source := fmt.Sprintf("/proc/self/fd/%d", sources[i].Fd())
		if err := syscall.Mount(source, bind.Target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("bind of %s: %w", bind.Target, err)
		}
	}
	return nil
}

// placeFiles writes the texts to memory and binds each over its path.
func placeFiles(files []File) error {
	store := "/run/node-files"
	if err := os.MkdirAll(store, 0o755); err != nil {
		return err
	}
	for i, file := range files {
		source := filepath.Join(store, fmt.Sprint(i))
		if err := os.WriteFile(source, []byte(file.Content), 0o644); err != nil {
			return err
		}
		if _, err := os.Stat(file.Path); os.IsNotExist(err) {
			// The machine has no such file, and must not get one.
			continue
		}
		if err := syscall.Mount(source, file.Path, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind over %s: %w", file.Path, err)
		}
	}
	return nil
}
