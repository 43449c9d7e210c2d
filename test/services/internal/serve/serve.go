// Package serve runs the listeners of a reference service: readiness, structured requests, and an end that drops nothing.
//
// At SIGTERM health turns false first and the listeners stay open for DRAIN_DELAY_SECONDS (3), so that whoever sends
// traffic can learn of it; then no new connection is taken, what runs is finished, and the process ends in zero.
package serve

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/tlsfiles"
	"palisade.dev/services/internal/variables"
)

// Service is one process.
type Service struct {
	Records *record.Writer
	// HealthPath answers 200 while Healthy says nil and the process is not stopping.
	HealthPath string
	Healthy    func(context.Context) error
	Handler    http.Handler
	Address    string
	// TLS of the listener; nil: plain http, between processes of one pod only.
	TLS *tlsfiles.Files
	// OnRequest hears of each request but those of HealthPath; none: nothing is written of requests.
	OnRequest func(request *http.Request, status int, took time.Duration)

	stopping atomic.Bool
}

// StopContext ends at SIGTERM or SIGINT.
func StopContext() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}

// Run serves until stop ends, then drains.
func (s *Service) Run(stop context.Context) error {
	wrong := &variables.Reader{}
	delay := wrong.Seconds("DRAIN_DELAY_SECONDS", 3, 0, 20)
	if err := wrong.Err(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	if s.TLS != nil {
		listener = tls.NewListener(listener, s.TLS.Server())
	}
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 60 * time.Second, ErrorLog: quiet()}
	drained := make(chan error, 1)
	go func() {
		<-stop.Done()
		s.stopping.Store(true)
		s.Records.Write(record.Entry{Event: "process.draining", Status: record.Started})
		time.Sleep(delay)
		limit, cancel := context.WithTimeout(context.Background(), 25*time.Second-delay)
		defer cancel()
		drained <- server.Shutdown(limit)
	}()
	s.Records.Write(record.Entry{Event: "process.listening", Status: record.OK, Attributes: map[string]any{"server.address": listener.Addr().String()}})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err := <-drained; err != nil {
		return err
	}
	s.Records.Write(record.Entry{Event: "process.drained", Status: record.OK})
	return nil
}

func (s *Service) routes() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.HealthPath {
			s.health(w, r)
			return
		}
		if s.stopping.Load() {
			// A kept-alive connection would go on to bring requests to a process that ends.
			w.Header().Set("Connection", "close")
		}
		if s.Handler == nil {
			http.NotFound(w, r)
			return
		}
		began, seen := time.Now(), &seen{ResponseWriter: w, status: http.StatusOK}
		s.Handler.ServeHTTP(seen, r)
		if s.OnRequest != nil {
			s.OnRequest(r, seen.status, time.Since(began))
		}
	})
}

func (s *Service) health(w http.ResponseWriter, r *http.Request) {
	limit, cancel := context.WithTimeout(r.Context(), 4*time.Second)
	defer cancel()
	switch {
	case s.stopping.Load():
		JSON(w, http.StatusServiceUnavailable, map[string]any{"status": "stopping"})
	default:
		if err := s.Healthy(limit); err != nil {
			s.Records.Write(record.Entry{Event: "health.failed", Status: record.Error, Severity: record.Warning, Attributes: record.Cause(err)})
			// The text names parts and variables, never content or values.
			JSON(w, http.StatusServiceUnavailable, map[string]any{"status": "unhealthy", "reason": err.Error()})
			return
		}
		JSON(w, http.StatusOK, map[string]any{"status": "ok"})
	}
}

// JSON answers.
func JSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// Fail answers with an error of a name.
func Fail(w http.ResponseWriter, status int, name string) {
	JSON(w, status, map[string]string{"error": name})
}

// RequestRecord is the record of a request: method, route and status, nothing of what it holds.
func RequestRecord(records *record.Writer) func(*http.Request, int, time.Duration) {
	return func(r *http.Request, status int, took time.Duration) {
		entry := record.Entry{Event: "http.request", Status: record.OK, Latency: took, Correlation: Correlation(r), Attributes: map[string]any{
			"http.request.method": r.Method, "http.response.status_code": status, "http.route": routeOf(r),
		}}
		switch {
		case status >= 500:
			entry.Status = record.Error
		case status >= 400:
			entry.Status = record.Refused
		}
		records.Write(entry)
	}
}

// routeOf is the pattern that took the request: a path may hold an identifier of a user.
func routeOf(r *http.Request) string {
	if _, route, ok := strings.Cut(r.Pattern, " "); ok {
		return route
	}
	return "unmatched"
}

// Correlation is the id the caller gave, or a new one.
func Correlation(r *http.Request) string {
	if given := r.Header.Get("x-correlation-id"); given != "" {
		return given
	}
	return record.NewCorrelation()
}

// CORS lets pages of the named origins call (IS-5); origins are parted by commas.
func CORS(origins string, next http.Handler) http.Handler {
	allowed := strings.Split(origins, ",")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		for _, one := range allowed {
			if one = strings.TrimSpace(one); origin != "" && (one == "*" || one == origin) {
				w.Header().Set("Access-Control-Allow-Origin", one)
				w.Header().Set("Access-Control-Allow-Headers", "authorization, content-type")
				w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
				w.Header().Add("Vary", "Origin")
			}
		}
		if r.Method == http.MethodOptions && origin != "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

type seen struct {
	http.ResponseWriter
	status int
}

func (s *seen) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
