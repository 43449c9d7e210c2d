package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// inside is the node's first process: it arranges the node, starts the services and stays until it is killed.
func inside(node Node) error {
	ready := os.NewFile(3, "ready")
	syscall.CloseOnExec(3)
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(node.Hostname)); err != nil {
		return err
	}
	if err := arrangeMounts(node, trees); err != nil {
		return err
	}
	for _, command := range node.Setup {
		if output, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", command, err, output)
		}
	}
	for i, target := range node.Forward {
		socket := os.NewFile(uintptr(4+i), target)
		listener, err := net.FileListener(socket)
		if err != nil {
			return err
		}
		socket.Close()
		go forward(listener, target)
	}
	reaper := &reaper{waiting: map[int]chan syscall.WaitStatus{}}
	for _, service := range node.Services {
		go supervise(service, reaper)
	}
	if _, err := ready.WriteString(readyMark); err != nil {
		return err
	}
	ready.Close()
	reaper.run()
	return nil
}

// forward connects the machine's loopback with an address inside the node.
func forward(listener net.Listener, target string) {
	for {
		outer, err := listener.Accept()
		if err != nil {
			fmt.Fprintf(os.Stderr, "forward to %s: %v\n", target, err)
			return
		}
		go func() {
			defer outer.Close()
			inner, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer inner.Close()
			var both sync.WaitGroup
			both.Add(2)
			go pipe(&both, outer.(*net.TCPConn), inner.(*net.TCPConn))
			go pipe(&both, inner.(*net.TCPConn), outer.(*net.TCPConn))
			both.Wait()
		}()
	}
}

func pipe(done *sync.WaitGroup, from, to *net.TCPConn) {
	defer done.Done()
	io.Copy(to, from)
	to.CloseWrite()
}

const (
	restartAfter = 300 * time.Millisecond
	lookAgain    = 50 * time.Millisecond
)

// supervise runs a service for ever, once what it needs accepts connections.
func supervise(service Service, reaper *reaper) {
	log, err := os.OpenFile(service.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", service.Name, err)
		return
	}
	for {
		for _, address := range service.After {
			await(address)
		}
		status, err := reaper.start(service, log)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", service.Name, err)
		} else {
			ended := <-status
			fmt.Fprintf(os.Stderr, "%s ended: code %d, signal %d; starting it again\n", service.Name, ended.ExitStatus(), int(ended.Signal()))
		}
		time.Sleep(restartAfter)
	}
}

func await(address string) {
	network, target, _ := strings.Cut(address, ":")
	for {
		connection, err := net.DialTimeout(network, target, time.Second)
		if err == nil {
			connection.Close()
			return
		}
		time.Sleep(lookAgain)
	}
}
