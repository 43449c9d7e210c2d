// Command iss-api stands in for ISS Module v2 in tests: the same port, variables, directories and endpoints, so that it
// can be run, killed, backed up and restored for real. It is not the real service.
//
//	startup.sh                 serves
//	startup.sh verify [DIR]    reads the pulse chain in DIR or STORAGE_PATH: prints a report, ends in zero if it is intact
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"palisade.dev/services/internal/chain"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/spice"
	"palisade.dev/services/internal/tlsfiles"
	"palisade.dev/services/internal/variables"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "verify" {
		serve.Exit(verify(os.Args[2:]))
	}
	serve.Exit(run())
}

// verify needs no variable but, for signatures, SECRET_KEY.
func verify(args []string) error {
	directory := os.Getenv("STORAGE_PATH")
	if len(args) > 0 {
		directory = args[0]
	}
	secret, err := variables.Secret("SECRET_KEY")
	if err != nil {
		return err
	}
	report, err := chain.Verify(directory, chain.NewSigner(secret), nil)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		return err
	}
	if !report.Intact {
		return fmt.Errorf("the chain in %s is not what was written: %d fault(s), the first in line %d", directory, len(report.Faults), report.Faults[0].Line)
	}
	return nil
}

func run() error {
	a, port, err := configure()
	if err != nil {
		return err
	}
	files, err := tlsfiles.FromEnvironment(tls.VersionTLS12)
	if err != nil {
		return err
	}
	stop, cancel := serve.StopContext()
	defer cancel()
	service := &serve.Service{
		Records: a.records, HealthPath: "/health", Healthy: a.healthy, Address: ":" + strconv.Itoa(port), TLS: files,
		Handler: serve.CORS(a.origins, a.routes()), OnRequest: serve.RequestRecord(a.records),
	}
	return service.Run(stop)
}

// configure holds the variables to what they must be before anything starts (IS-1).
func configure() (*api, int, error) {
	r := &variables.Reader{}
	a := &api{
		records: record.New("iss", "api"),
		node:    r.Required("NODE_ID"), storage: r.Required("STORAGE_PATH"), layer: r.Required("SPICE_STORAGE_PATH"), matrix: r.Required("MATRIX_ROOT"),
		title: variables.Or("API_TITLE", "ISS Module v2"), description: os.Getenv("API_DESCRIPTION"), version: variables.Or("API_VERSION", "2.0.0"),
		origins: os.Getenv("ALLOW_ORIGINS"),
	}
	port := r.Number("PORT", 8000, 1, 65535)
	secret := r.RequiredSecret("SECRET_KEY")
	if a.origins == "*" && a.records.Env() != "dev" {
		r.Fault("ALLOW_ORIGINS is * outside dev")
	}
	for name, directory := range map[string]string{"STORAGE_PATH": a.storage, "SPICE_STORAGE_PATH": a.layer, "MATRIX_ROOT": a.matrix} {
		if directory == "" {
			continue
		}
		if info, err := os.Stat(directory); err != nil || !info.IsDir() {
			r.Fault("%s is no directory", name)
		} else if name != "MATRIX_ROOT" && unix.Access(directory, unix.W_OK) != nil {
			r.Fault("%s cannot be written by user %d: chown -R %d:%d the volume", name, os.Getuid(), os.Getuid(), os.Getgid())
		}
	}
	if err := r.Err(); err != nil {
		return nil, 0, err
	}
	replica, err := os.Hostname()
	if err != nil {
		return nil, 0, err
	}
	a.signer = chain.NewSigner(secret)
	if a.chain, err = chain.Open(a.storage, a.node, replica, a.signer); err != nil {
		return nil, 0, err
	}
	a.chain.Torn = func(bytes int) {
		a.records.Write(record.Entry{Event: "chain.torn_line", Status: record.OK, Severity: record.Warning, Attributes: map[string]any{"chain.torn_bytes": bytes}})
	}
	a.store = spice.Open(a.layer)
	if writable := unix.Access(a.matrix, unix.W_OK) == nil; writable {
		a.records.Write(record.Entry{Event: "matrix.writable", Status: record.OK, Severity: record.Warning})
	}
	return a, port, nil
}

// healthy says whether this replica can do its work: both directories are written, the chain's end is whole.
func (a *api) healthy(context.Context) error {
	if err := a.chain.Check(); err != nil {
		if errors.Is(err, chain.ErrBroken) {
			return err
		}
		return fmt.Errorf("STORAGE_PATH: %w", err)
	}
	if err := a.store.Check(); err != nil {
		return fmt.Errorf("SPICE_STORAGE_PATH: %w", err)
	}
	return nil
}
