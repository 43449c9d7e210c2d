// Command images makes OCI images without a daemon, the same bytes every time, and pushes them by digest.
//
//	images pack SPEC.json LAYOUT_DIRECTORY
//	images push LAYOUT_DIRECTORY REGISTRY REPOSITORY
//
// It prints one JSON object, or the reason on standard error with exit code 1 (2 for wrong usage).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := command(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if _, wrong := err.(usage); wrong {
			os.Exit(2)
		}
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type usage string

func (u usage) Error() string { return string(u) }

func command(ctx context.Context, args []string) (any, error) {
	switch {
	case len(args) == 3 && args[0] == "pack":
		spec, err := readSpec(args[1])
		if err != nil {
			return nil, err
		}
		return pack(ctx, spec, args[2])
	case len(args) == 4 && args[0] == "push":
		return push(ctx, args[1], args[2], args[3])
	}
	return nil, usage("usage: images pack SPEC.json LAYOUT_DIRECTORY | images push LAYOUT_DIRECTORY REGISTRY REPOSITORY")
}
