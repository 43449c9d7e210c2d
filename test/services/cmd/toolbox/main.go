// Command toolbox is what the platform starts inside a container besides the service: a shell that starts a memory-only
// process with core dumps off, and a client for the health check. By the name it is called:
//
//	sh -c SCRIPT [NAME [ARG…]]     POSIX shell; `exec` replaces the process
//	prlimit --core=N:M COMMAND…    sets the limit and becomes the command
//	curl -fsk -m N -o FILE URL     succeeds if the answer does; the options are understood in this form only
//	sleep SECONDS
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func main() {
	tools := map[string]func([]string) error{"sh": shell, "prlimit": prlimit, "curl": curl, "sleep": sleep}
	tool := tools[filepath.Base(os.Args[0])]
	if tool == nil {
		fmt.Fprintln(os.Stderr, "toolbox: called by a name it does not have")
		os.Exit(127)
	}
	err := tool(os.Args[1:])
	var status interp.ExitStatus
	switch {
	case errors.As(err, &status):
		os.Exit(int(status))
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func shell(args []string) error {
	if len(args) < 2 || args[0] != "-c" {
		return errors.New("sh: only `sh -c SCRIPT [NAME [ARGUMENT…]]` is known")
	}
	script, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(args[1]), "sh")
	if err != nil {
		return err
	}
	parameters := []string{"--"}
	if len(args) > 3 {
		parameters = append(parameters, args[3:]...)
	}
	runner, err := interp.New(interp.StdIO(os.Stdin, os.Stdout, os.Stderr), interp.Env(expand.ListEnviron(os.Environ()...)),
		interp.Params(parameters...), interp.CallHandler(replaced))
	if err != nil {
		return err
	}
	return runner.Run(context.Background(), script)
}

// replaced makes of `exec` what it is in a shell: signals must reach the service, and not a shell in front of it.
func replaced(ctx context.Context, args []string) ([]string, error) {
	if args[0] == "ulimit" {
		return nil, errors.New("sh: ulimit is not known here; use prlimit")
	}
	if args[0] != "exec" || len(args) < 2 {
		return args, nil
	}
	environment := []string{}
	interp.HandlerCtx(ctx).Env.Each(func(name string, variable expand.Variable) bool {
		if variable.Exported {
			environment = append(environment, name+"="+variable.String())
		}
		return true
	})
	return nil, become(args[1:], environment)
}

func become(command, environment []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, command, environment)
}

func prlimit(args []string) error {
	if len(args) < 2 || !strings.HasPrefix(args[0], "--core=") {
		return errors.New("prlimit: only `prlimit --core=SOFT:HARD COMMAND…` is known")
	}
	soft, hard, _ := strings.Cut(strings.TrimPrefix(args[0], "--core="), ":")
	var limit syscall.Rlimit
	var errs [2]error
	limit.Cur, errs[0] = strconv.ParseUint(soft, 10, 64)
	limit.Max, errs[1] = strconv.ParseUint(hard, 10, 64)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	return become(args[1:], os.Environ())
}

func curl(args []string) error {
	if len(args) != 6 || args[0] != "-fsk" || args[1] != "-m" || args[3] != "-o" {
		return errors.New("curl: only `curl -fsk -m SECONDS -o FILE URL` is known")
	}
	seconds, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	// A process that asks itself, over loopback.
	client := &http.Client{Timeout: time.Duration(seconds) * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Get(args[5])
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return fmt.Errorf("curl: answered %d", response.StatusCode)
	}
	return nil
}

func sleep(args []string) error {
	if len(args) != 1 {
		return errors.New("sleep: one number of seconds")
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	return nil
}
