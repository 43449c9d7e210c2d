// Command node runs the local cluster's one node in namespaces of its own.
//
//	node certificates REQUEST.json   writes the cluster's keys and certificates
//	node start NODE.json             starts the node, prints its process id and ports, and returns
//
// Everything the node makes (processes, mounts, interfaces, packet filter rules) belongs to its first process and ends
// with it. What outlives a kernel namespace, the control groups, is made by `start` under one name that the caller chose.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: node certificates|start FILE.json")
	}
	switch args[0] {
	case "certificates":
		return withFile(args[1], writeCertificates)
	case "start":
		return withFile(args[1], func(node Node) error { return start(args[1], node) })
	case "inside":
		return withFile(args[1], inside)
	}
	return fmt.Errorf("%q is no command of this program; allowed: certificates, start", args[0])
}

func withFile[T any](file string, use func(T) error) error {
	var value T
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &value); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return use(value)
}
