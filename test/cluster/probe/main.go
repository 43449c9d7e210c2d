// Command probe asks questions from inside a pod: of its network, and of what holds its processes. It ends with 0 if it was
// answered, with 1 if not.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

const patience = 2 * time.Second

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: probe listen|connect ADDRESS, probe resolve NAME SERVER, or probe escape PID")
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "listen":
		err = listen(os.Args[2])
	case "connect":
		err = connect(os.Args[2])
	case "resolve":
		err = resolve(os.Args[2], os.Args[3])
	case "escape":
		err = escape(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// listen greets whoever connects.
func listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		fmt.Fprintln(connection, "hello")
		connection.Close()
	}
}

func connect(address string) error {
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return err
	}
	return connection.Close()
}

func resolve(name, server string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(server, "53"))
	}}
	addresses, err := resolver.LookupHost(ctx, name)
	fmt.Println(addresses)
	return err
}
