package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"palisade.dev/services/internal/serve"
)

// result of a load; a failure is anything but an answer below 400.
type result struct {
	Requests int            `json:"requests"`
	Failures int            `json:"failures"`
	Statuses map[string]int `json:"statuses"`
	Errors   map[string]int `json:"errors"`
	Seconds  float64        `json:"seconds"`
	P50      float64        `json:"p50_ms"`
	P95      float64        `json:"p95_ms"`
	P99      float64        `json:"p99_ms"`
	// FirstFailure is when the first one came, from the start; -1 without any.
	FirstFailure float64 `json:"first_failure_s"`
}

type headers []string

func (h *headers) String() string         { return "" }
func (h *headers) Set(value string) error { *h = append(*h, value); return nil }

// loadCommand sends requests at a steady rate, however long answers take, until its time is up or it is told to stop.
func loadCommand(args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target, method := flags.String("url", "", "what to ask"), flags.String("method", "GET", "how")
	rate, duration := flags.Float64("rate", 50, "requests a second"), flags.Duration("duration", 20*time.Second, "how long")
	timeout, body := flags.Duration("timeout", 10*time.Second, "of one request"), flags.String("body", "", "what to send")
	authority, certificate, key := flags.String("ca", "", "file"), flags.String("cert", "", "file"), flags.String("key", "", "file")
	name, insecure := flags.String("name", "", "server name, if not that of the URL"), flags.Bool("insecure", false, "check no certificate")
	fresh := flags.Bool("fresh", false, "a new connection for each request")
	var extra headers
	flags.Var(&extra, "header", "NAME: VALUE, any number of times")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *target == "" || *rate <= 0 {
		return errors.New("peers load: -url and a -rate above zero are needed")
	}
	config := &tls.Config{InsecureSkipVerify: *insecure, ServerName: *name}
	if *authority != "" {
		text, err := os.ReadFile(*authority)
		if err != nil {
			return err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s holds no certificate", *authority)
		}
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Timeout: *timeout, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: *fresh, MaxIdleConnsPerHost: 64}}
	stop, cancel := serve.StopContext()
	defer cancel()
	limit, done := context.WithTimeout(stop, *duration)
	defer done()

	var mutex sync.Mutex
	found := result{Statuses: map[string]int{}, Errors: map[string]int{}, FirstFailure: -1}
	var times []float64
	var running sync.WaitGroup
	began := time.Now()
	one := func() {
		request, err := http.NewRequest(*method, *target, bytes.NewReader([]byte(*body)))
		if err == nil {
			for _, header := range extra {
				name, value, _ := strings.Cut(header, ":")
				request.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
			}
		}
		sent, status := time.Now(), 0
		if err == nil {
			var response *http.Response
			if response, err = client.Do(request); err == nil {
				status = response.StatusCode
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		}
		mutex.Lock()
		defer mutex.Unlock()
		found.Requests++
		times = append(times, float64(time.Since(sent).Microseconds())/1000)
		if status > 0 {
			found.Statuses[fmt.Sprint(status)]++
		}
		if err != nil {
			found.Errors[err.Error()]++
		}
		if err != nil || status >= 400 {
			found.Failures++
			if found.FirstFailure < 0 {
				found.FirstFailure = sent.Sub(began).Seconds()
			}
		}
	}
	ticks := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	defer ticks.Stop()
	for limit.Err() == nil {
		running.Go(one)
		select {
		case <-ticks.C:
		case <-limit.Done():
		}
	}
	running.Wait()
	found.Seconds = time.Since(began).Seconds()
	slices.Sort(times)
	at := func(share float64) float64 { return times[min(int(share*float64(len(times))), len(times)-1)] }
	found.P50, found.P95, found.P99 = at(0.5), at(0.95), at(0.99)
	return print(found)
}
