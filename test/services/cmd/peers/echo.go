package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"time"
)

// echoCommand answers on one port, TCP and UDP: something for a network policy to let through or not.
func echoCommand(args []string) error {
	flags := flag.NewFlagSet("echo", flag.ContinueOnError)
	listen := flags.String("listen", ":7777", "address")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return runBoth(echoTCP(*listen), echoUDP(*listen))
}

func echoTCP(address string) func(context.Context) error {
	return func(stop context.Context) error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		context.AfterFunc(stop, func() { _ = listener.Close() })
		for {
			connection, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			go func() {
				defer connection.Close()
				_ = connection.SetDeadline(time.Now().Add(time.Minute))
				_, _ = io.Copy(connection, connection)
			}()
		}
	}
}

func echoUDP(address string) func(context.Context) error {
	return func(stop context.Context) error {
		socket, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		context.AfterFunc(stop, func() { _ = socket.Close() })
		datagram := make([]byte, 1<<16)
		for {
			size, from, err := socket.ReadFrom(datagram)
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			_, _ = socket.WriteTo(datagram[:size], from)
		}
	}
}
