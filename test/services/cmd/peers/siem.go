package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/tlsfiles"
)

// event is one thing a SIEM was sent: a line of an HTTPS body, or a message of syslog.
type event struct {
	Time       string `json:"time"`
	Via        string `json:"via"`
	Path       string `json:"path,omitempty"`
	Authorized bool   `json:"authorized"`
	Text       string `json:"text"`
	// Fault says what is wrong with a message of syslog; empty if nothing is.
	Fault string `json:"fault,omitempty"`
}

type siem struct {
	// status that senders are answered with: 503 is a SIEM that is down.
	status atomic.Int64
	events journal[event]
}

func siemCommand(args []string) error {
	flags := flag.NewFlagSet("siem", flag.ContinueOnError)
	listen, controls := flags.String("listen", ":8443", "address"), flags.String("control", ":9090", "address of the control port")
	syslog := flags.String("syslog", ":6514", "address for syslog over TLS")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s := &siem{}
	s.status.Store(http.StatusOK)
	return runBoth(https(*listen, http.HandlerFunc(s.collect)), s.syslog(*syslog), control(*controls, s.control()))
}

// collect takes a body of lines, plain or in gzip, at any path.
func (s *siem) collect(w http.ResponseWriter, r *http.Request) {
	if status := s.status.Load(); status != http.StatusOK {
		w.WriteHeader(int(status))
		return
	}
	body := io.Reader(http.MaxBytesReader(w, r.Body, 64<<20))
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = io.LimitReader(unpacked, 64<<20)
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			s.events.add(event{Time: stamp(), Via: "https", Path: r.URL.Path, Authorized: r.Header.Get("Authorization") != "", Text: text})
		}
	}
	w.WriteHeader(http.StatusOK)
}

// header of RFC 5424: priority, version, time, host, application, process, message id, then structured data.
var header = regexp.MustCompile(`^<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|\[.+\])`)

// syslog takes messages over TLS, each with its length before it (RFC 5425).
func (s *siem) syslog(address string) func(context.Context) error {
	return func(stop context.Context) error {
		files, err := tlsfiles.FromEnvironment(tls.VersionTLS12)
		if err != nil {
			return err
		}
		listener, err := tls.Listen("tcp", address, files.Server())
		if err != nil {
			return err
		}
		context.AfterFunc(stop, func() { _ = listener.Close() })
		for {
			connection, err := listener.Accept()
			if stop.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			go s.read(connection)
		}
	}
}

func (s *siem) read(connection net.Conn) {
	defer connection.Close()
	stream := bufio.NewReader(connection)
	for {
		text, err := frame(stream)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.events.add(event{Time: stamp(), Via: "syslog", Fault: err.Error()})
			}
			return
		}
		fault := ""
		if found := header.FindStringSubmatch(text); found == nil {
			fault = "no header of RFC 5424"
		} else if priority, _ := strconv.Atoi(found[1]); priority > 191 {
			fault = "a priority above 191"
		}
		s.events.add(event{Time: stamp(), Via: "syslog", Text: text, Fault: fault})
	}
}

func frame(stream *bufio.Reader) (string, error) {
	digits, err := stream.ReadString(' ')
	if err != nil {
		return "", io.EOF
	}
	length, err := strconv.Atoi(strings.TrimSuffix(digits, " "))
	if err != nil || length < 1 || length > 1<<20 {
		return "", fmt.Errorf("a message without its length before it")
	}
	text := make([]byte, length)
	_, err = io.ReadFull(stream, text)
	return string(text), err
}

// control: GET /records; POST /reset; POST /status/503 to be down.
func (s *siem) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, _ *http.Request) { s.events.show(w) })
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		s.events.clear()
		serve.JSON(w, http.StatusOK, nil)
	})
	mux.HandleFunc("POST /status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.PathValue("code"))
		if err != nil || code < 200 || code > 599 {
			serve.Fail(w, http.StatusBadRequest, "200 to 599")
			return
		}
		s.status.Store(int64(code))
		serve.JSON(w, http.StatusOK, nil)
	})
	return mux
}
