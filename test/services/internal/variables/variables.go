// Package variables reads the environment of a reference service, and tells all that is wrong with it at once.
package variables

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Reader collects faults; none of them shows a value, which could be a secret.
type Reader struct{ faults []string }

// Required is a variable that must hold something.
func (r *Reader) Required(name string) string {
	value := os.Getenv(name)
	if value == "" {
		r.Fault("%s is not set", name)
	}
	return value
}

// Or is a variable, or what it is without.
func Or(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// Number is a whole number within bounds, or what it is without.
func (r *Reader) Number(name string, fallback, low, high int) int {
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < low || number > high {
		r.Fault("%s must be a whole number from %d to %d", name, low, high)
		return fallback
	}
	return number
}

// Seconds is a duration of whole seconds.
func (r *Reader) Seconds(name string, fallback, low, high int) time.Duration {
	return time.Duration(r.Number(name, fallback, low, high)) * time.Second
}

// HTTPS is an address that must be one of https.
func (r *Reader) HTTPS(name, fallback string) *url.URL {
	text := Or(name, fallback)
	address, err := url.Parse(text)
	if text == "" || err != nil || address.Scheme != "https" || address.Host == "" {
		r.Fault("%s must be an https address", name)
		return &url.URL{Scheme: "https", Host: "invalid."}
	}
	return address
}

// Secret is NAME, or the content of the file in NAME_FILE, read at each call: a mounted secret may change.
func Secret(name string) (string, error) {
	if file := os.Getenv(name + "_FILE"); file != "" {
		text, err := os.ReadFile(file)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	return os.Getenv(name), nil
}

// RequiredSecret is a secret that must hold something.
func (r *Reader) RequiredSecret(name string) string {
	value, err := Secret(name)
	switch {
	case err != nil:
		r.Fault("the file in %s_FILE cannot be read", name)
	case value == "":
		r.Fault("%s is not set", name)
	}
	return value
}

// Fault adds a fault of the caller's own.
func (r *Reader) Fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// Err is all faults in one, or nil.
func (r *Reader) Err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return fmt.Errorf("configuration refused: %s", strings.Join(r.faults, "; "))
}
