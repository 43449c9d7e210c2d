package main

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// reaper collects every process that ends in the node: its services, and orphans such as the shims of containers.
type reaper struct {
	lock    sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

// start starts a service; the channel gets how it ended. The lock keeps run from collecting it before it is known.
func (r *reaper) start(service Service, log *os.File) (<-chan syscall.WaitStatus, error) {
	program, err := exec.LookPath(service.Command[0])
	if err != nil {
		return nil, err
	}
	env := os.Environ()
	for name, value := range service.Env {
		env = append(env, name+"="+value)
	}
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer nothing.Close()
	r.lock.Lock()
	defer r.lock.Unlock()
	process, err := os.StartProcess(program, service.Command, &os.ProcAttr{
		Env:   env,
		Files: []*os.File{nothing, log, log},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, err
	}
	status := make(chan syscall.WaitStatus, 1)
	r.waiting[process.Pid] = status
	return status, nil
}

func (r *reaper) run() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil {
			// No child at the moment.
			time.Sleep(lookAgain)
			continue
		}
		r.lock.Lock()
		if waiting, known := r.waiting[pid]; known {
			delete(r.waiting, pid)
			waiting <- status
		}
		r.lock.Unlock()
	}
}
