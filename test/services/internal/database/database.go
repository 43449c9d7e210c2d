// Package database connects a reference service to its PostgreSQL, with the server's certificate and name verified (SA-6).
//
// With the prefix DATABASE of the store postgres: DATABASE_HOST, _PORT, _NAME, _USER, _SSLMODE (verify-full, and nothing
// less). The service proves itself by the certificate in TLS_CERT_FILE to a server that asks for one, or by the password in
// POSTGRES_PASSWORD or the file POSTGRES_PASSWORD_FILE. The server's authority is in POSTGRES_CA_FILE, or else TLS_CA_FILE,
// or else what the image trusts.
package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"palisade.dev/services/internal/variables"
)

// Open checks the variables and makes a pool; it connects when it is first used, and again whenever it must.
func Open(prefix, store string) (*pgxpool.Pool, error) {
	r := &variables.Reader{}
	host, name, user := r.Required(prefix+"_HOST"), r.Required(prefix+"_NAME"), r.Required(prefix+"_USER")
	port := r.Number(prefix+"_PORT", 5432, 1, 65535)
	if mode := variables.Or(prefix+"_SSLMODE", "verify-full"); mode != "verify-full" {
		r.Fault("%s_SSLMODE must be verify-full (SA-6)", prefix)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	// No connection string: a value in it could add settings of its own.
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Host, config.ConnConfig.Port, config.ConnConfig.Database, config.ConnConfig.User = host, uint16(port), name, user
	config.ConnConfig.Fallbacks = nil
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	config.ConnConfig.RuntimeParams = map[string]string{"application_name": "reference-" + user}
	config.MaxConns = 8
	config.MaxConnLifetime = 10 * time.Minute
	if config.ConnConfig.TLSConfig, err = tlsOf(store, host); err != nil {
		return nil, err
	}
	config.BeforeConnect = func(_ context.Context, connection *pgx.ConnConfig) (err error) {
		// Read at each connection: a rotated password is taken without a restart.
		connection.Password, err = variables.Secret(store + "_PASSWORD")
		if err != nil {
			return err
		}
		connection.TLSConfig, err = tlsOf(store, host)
		return err
	}
	return pgxpool.NewWithConfig(context.Background(), config)
}

func tlsOf(store, host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if file := variables.Or(store+"_CA_FILE", os.Getenv("TLS_CA_FILE")); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_CA_FILE: %w", store, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s_CA_FILE: %s holds no certificate", store, file)
		}
	}
	if file := os.Getenv("TLS_CERT_FILE"); file != "" {
		pair, err := tls.LoadX509KeyPair(file, os.Getenv("TLS_KEY_FILE"))
		if err != nil {
			return nil, fmt.Errorf("TLS_CERT_FILE: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Migrate runs statements in one transaction, one process at a time.
func Migrate(ctx context.Context, pool *pgxpool.Pool, statements ...string) error {
	transaction, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = transaction.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := transaction.Exec(ctx, "SELECT pg_advisory_xact_lock(7261001)"); err != nil {
		return err
	}
	for i, statement := range statements {
		if _, err := transaction.Exec(ctx, statement); err != nil {
			return errors.Join(errors.New("migration step "+strconv.Itoa(i+1)), err)
		}
	}
	return transaction.Commit(ctx)
}

// Reason is what a failed call may say to others: PostgreSQL's own code, no text and no value.
func Reason(err error) error {
	if err == nil {
		return nil
	}
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return fmt.Errorf("database answered %s", answer.Code)
	}
	return errors.New("database cannot be reached")
}
