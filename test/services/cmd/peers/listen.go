package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"palisade.dev/services/internal/tlsfiles"
)

// https serves until stop; control serves without TLS.
func https(address string, handler http.Handler) func(context.Context) error {
	return func(stop context.Context) error {
		files, err := tlsfiles.FromEnvironment(tls.VersionTLS12)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		return serveOn(stop, tls.NewListener(listener, files.Server()), handler)
	}
}

func control(address string, handler http.Handler) func(context.Context) error {
	return func(stop context.Context) error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		return serveOn(stop, listener, handler)
	}
}

func serveOn(stop context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		<-stop.Done()
		limit, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(limit) != nil {
			_ = server.Close()
		}
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
