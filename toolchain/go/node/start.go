package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const readyMark = "ready"

// start opens the ports on the machine's loopback and clones the node's first process. A listening socket stays in the
// network namespace it was made in: the node serves the machine's loopback without any interface between the two.
func start(file string, node Node) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a node needs root: it makes namespaces, mounts and control groups")
	}
	log, err := os.OpenFile(node.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	started := Started{}
	var sockets []*os.File
	for range node.Forward {
		listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		socket, err := listener.File()
		if err != nil {
			return err
		}
		started.Ports = append(started.Ports, listener.Addr().(*net.TCPAddr).Port)
		sockets = append(sockets, socket)
	}
	if err := enterCgroups(node.Cgroup); err != nil {
		return err
	}
	reading, writing, err := os.Pipe()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(self, "inside", file)
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = append([]*os.File{writing}, sockets...)
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWCGROUP,
		Setsid: true,
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("cannot make the node's namespaces: %w", err)
	}
	writing.Close()
	if err := awaitReady(reading); err != nil {
		command.Process.Kill()
		command.Wait()
		return fmt.Errorf("the node did not start (%w); see %s", err, node.Log)
	}
	started.PID = command.Process.Pid
	return json.NewEncoder(os.Stdout).Encode(started)
}

// awaitReady returns once the first process says that its mounts and interfaces stand.
func awaitReady(pipe *os.File) error {
	pipe.SetReadDeadline(time.Now().Add(30 * time.Second))
	buffer := make([]byte, len(readyMark))
	n, err := pipe.Read(buffer)
	if err != nil {
		return err
	}
	if string(buffer[:n]) != readyMark {
		return fmt.Errorf("unexpected answer %q", buffer[:n])
	}
	return nil
}
