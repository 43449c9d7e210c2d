package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"
)

// attempt is one try to reach something: over a new connection, since policies judge only those.
type attempt struct {
	Target       string  `json:"target"`
	Reached      bool    `json:"reached"`
	Milliseconds float64 `json:"ms"`
	// Error is what the system said: a policy that drops shows as a timeout, one that rejects as a refusal.
	Error string `json:"error,omitempty"`
}

// connectCommand tries all targets at once and prints a list of attempts; it ends in zero whatever was reached.
func connectCommand(args []string) error {
	flags := flag.NewFlagSet("connect", flag.ContinueOnError)
	timeout := flags.Duration("timeout", 3*time.Second, "of each attempt")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("peers connect: name targets: tcp://HOST:PORT udp://HOST:PORT dns://NAME[?server=IP:PORT]")
	}
	attempts := make([]attempt, flags.NArg())
	var running sync.WaitGroup
	for i, target := range flags.Args() {
		running.Go(func() {
			limit, cancel := context.WithTimeout(context.Background(), *timeout)
			defer cancel()
			began := time.Now()
			err := reach(limit, target)
			attempts[i] = attempt{Target: target, Reached: err == nil, Milliseconds: float64(time.Since(began).Microseconds()) / 1000}
			if err != nil {
				attempts[i].Error = err.Error()
			}
		})
	}
	running.Wait()
	return print(attempts)
}

func reach(ctx context.Context, target string) error {
	address, err := url.Parse(target)
	if err != nil {
		return err
	}
	switch address.Scheme {
	case "tcp":
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address.Host)
		if err != nil {
			return err
		}
		return connection.Close()
	case "udp":
		return reachUDP(ctx, address.Host)
	case "dns":
		resolver := &net.Resolver{PreferGo: true}
		if server := address.Query().Get("server"); server != "" {
			network := address.Query().Get("over")
			resolver.Dial = func(ctx context.Context, asked, _ string) (net.Conn, error) {
				if network != "" {
					asked = network
				}
				return (&net.Dialer{}).DialContext(ctx, asked, server)
			}
		}
		_, err := resolver.LookupHost(ctx, address.Host)
		return err
	}
	return fmt.Errorf("%s: tcp, udp and dns are known", address.Scheme)
}

// reachUDP needs an answer: a datagram that is dropped looks like one that arrived.
func reachUDP(ctx context.Context, address string) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "udp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	if err := connection.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := connection.Write([]byte("probe")); err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 16))
	return err
}
